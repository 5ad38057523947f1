//! What a guest returned, made fit for the rest of docket: bounded, or refused as a breach of the contract.

use crate::error::cut;
use crate::{Limits, StepErrorKind};
use docket_types::exchange::{
    Completion, Effect, FinishReason, Header, HttpCall, ItemOutcome, ItemResult, JobEffect, JobNext, Next,
    Segment, Source,
};
use docket_types::manifest::Manifest;
use docket_types::stream::{Delta, Opening};
use docket_types::{Failure, FailureClass, Usage};

const MAX_NAME: usize = 256;
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 << 10;
const MAX_EXTRA: usize = 64;
/// The largest count that a JSON number keeps exactly.
const MAX_COUNT: u64 = (1 << 53) - 1;

/// What a result breaks.
pub(crate) type Breach = (StepErrorKind, String);

fn contract<T>(why: impl Into<String>) -> Result<T, Breach> {
    Err((StepErrorKind::Contract, why.into()))
}

/// Checks one plugin's results against its manifest and limits.
pub(crate) struct Checker<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) limits: &'a Limits,
}

impl Checker<'_> {
    fn state(&self, state: &[u8]) -> Result<(), Breach> {
        let (found, limit) = (state.len(), self.limits.state_bytes);
        if found > limit {
            return Err((
                StepErrorKind::Limit,
                format!("it returned a state of {found} bytes, the limit is {limit}"),
            ));
        }
        Ok(())
    }

    fn call(&self, call: &HttpCall) -> Result<(), Breach> {
        if !self.manifest.endpoints.contains_key(&call.endpoint) {
            return contract(format!(
                "it calls the endpoint {:?}, which its manifest does not have",
                call.endpoint
            ));
        }
        if let Some(slot) = call.auth.as_ref().filter(|slot| !self.manifest.auth.contains_key(*slot)) {
            return contract(format!("it uses the auth slot {slot:?}, which its manifest does not have"));
        }
        if !(1..=16).contains(&call.method.len()) || !call.method.bytes().all(|b| b.is_ascii_uppercase()) {
            return contract(format!("{:?} is not a method", call.method));
        }
        for (what, all) in [("headers", &call.headers), ("query parameters", &call.query)] {
            let bytes: usize = all.iter().map(|h| h.name.len() + h.value.len()).sum();
            if all.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
                return contract(format!(
                    "a call has {} {what} with {bytes} bytes, at most {MAX_HEADERS} with {MAX_HEADER_BYTES} are allowed",
                    all.len()
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn next(&self, next: &mut Next<Effect>) -> Result<(), Breach> {
        self.state(&next.state)?;
        match &mut next.effect {
            Effect::Call(call) => self.call(call),
            Effect::Wait(_) => Ok(()),
            Effect::Finish(completion) => check_completion(completion),
            Effect::Fail(failure) => {
                bound_failure(failure);
                Ok(())
            }
        }
    }

    pub(crate) fn job_next(&self, next: &mut JobNext) -> Result<(), Breach> {
        self.state(&next.state)?;
        next.progress.provider_job_id.iter_mut().for_each(|id| cut(id, MAX_NAME));
        next.progress.provider_state.iter_mut().for_each(|state| cut(state, MAX_NAME));
        match &mut next.effect {
            JobEffect::Call(call) | JobEffect::DownloadLines(Source::Call(call)) => self.call(call),
            JobEffect::UploadItems(upload) if !upload.call.body.is_empty() => {
                contract("the call of an upload has a body of its own")
            }
            JobEffect::UploadItems(upload) => {
                let fields: &[Header] = upload.multipart.as_ref().map_or(&[], |form| &form.fields);
                if fields.len() > MAX_HEADERS {
                    return contract(format!("an upload has {} form fields", fields.len()));
                }
                self.call(&upload.call)
            }
            JobEffect::Wait(_) | JobEffect::DownloadLines(Source::Loopback) | JobEffect::Finish(_) => Ok(()),
            JobEffect::Fail(failure) => {
                bound_failure(failure);
                Ok(())
            }
        }
    }

    pub(crate) fn opening(&self, opening: &Result<Opening, Failure>) -> Result<(), Breach> {
        opening.as_ref().map_or(Ok(()), |opening| self.call(&opening.call))
    }
}

/// The completion's JSON is an object; its counts and names are bounded.
pub(crate) fn check_completion(completion: &mut Completion) -> Result<(), Breach> {
    check_object("the completion", &completion.json)?;
    if let FinishReason::Other(name) = &mut completion.finish {
        cut(name, MAX_NAME);
    }
    completion.provider_id.iter_mut().for_each(|id| cut(id, MAX_NAME));
    completion.served_model.iter_mut().for_each(|model| cut(model, MAX_NAME));
    bound_usage(&mut completion.usage);
    Ok(())
}

fn check_object(what: &str, json: &str) -> Result<(), Breach> {
    match serde_json::from_str::<serde::de::IgnoredAny>(json) {
        Err(error) => contract(format!("{what} is not JSON: {error}")),
        Ok(_) if !json.trim_start().starts_with('{') => contract(format!("{what} is not a JSON object")),
        Ok(_) => Ok(()),
    }
}

fn bound_usage(usage: &mut Usage) {
    let counts = [
        &mut usage.input_tokens,
        &mut usage.output_tokens,
        &mut usage.cached_input_tokens,
        &mut usage.cache_write_tokens,
        &mut usage.reasoning_tokens,
    ];
    for count in counts.into_iter().flatten() {
        *count = (*count).min(MAX_COUNT);
    }
    let extra = std::mem::take(&mut usage.extra);
    let bounded = extra.into_iter().take(MAX_EXTRA).map(|(mut name, count)| {
        cut(&mut name, MAX_NAME);
        (name, count.min(MAX_COUNT))
    });
    usage.extra = bounded.collect();
}

/// Cuts the message and the names.
pub(crate) fn bound_failure(failure: &mut Failure) {
    cut(&mut failure.message, Failure::MAX_MESSAGE);
    failure.code.iter_mut().for_each(|code| cut(code, MAX_NAME));
    if let FailureClass::Other(name) = &mut failure.class {
        cut(name, MAX_NAME);
    }
}

/// One item is one line.
pub(crate) fn check_line(segments: &[Segment]) -> Result<(), Breach> {
    let broken = segments.iter().any(|segment| match segment {
        Segment::Literal(text) => text.contains(['\n', '\r']),
        Segment::Bytes(bytes) => bytes.iter().any(|b| matches!(b, b'\n' | b'\r')),
        Segment::Splice { .. } => false,
    });
    if broken { contract("an encoded item has a line break") } else { Ok(()) }
}

/// What a line of results says about an item.
pub(crate) fn check_item(item: &mut ItemResult) -> Result<(), Breach> {
    if item.custom_id.len() > MAX_NAME {
        return contract(format!("an item's id has {} bytes", item.custom_id.len()));
    }
    match &mut item.outcome {
        ItemOutcome::Completed(completion) => check_completion(completion),
        ItemOutcome::Failed(failure) => {
            bound_failure(failure);
            Ok(())
        }
        ItemOutcome::Expired | ItemOutcome::Cancelled => Ok(()),
    }
}

/// One delta.
pub(crate) fn check_delta(delta: &mut Delta) -> Result<(), Breach> {
    match delta {
        Delta::Content(json) => check_object("a delta", json),
        Delta::Usage(usage) => {
            bound_usage(usage);
            Ok(())
        }
        Delta::Ping => Ok(()),
        Delta::Failed(failure) => {
            bound_failure(failure);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_types::RetryAdvice;
    use docket_types::exchange::{JobProgress, SpliceEncoding, Upload};

    fn call(endpoint: &str) -> HttpCall {
        HttpCall {
            endpoint: endpoint.into(),
            method: "POST".into(),
            path: "/x".into(),
            query: vec![],
            headers: vec![],
            body: vec![],
            auth: None,
            timeout_ms: None,
            repeatable: false,
        }
    }

    fn job(effect: JobEffect) -> JobNext {
        JobNext { state: vec![], effect, progress: JobProgress::default() }
    }

    fn upload(call: HttpCall) -> JobEffect {
        let (prefix, separator, suffix) = Default::default();
        JobEffect::UploadItems(Upload { call, prefix, separator, suffix, multipart: None })
    }

    fn check(next: &mut JobNext) -> Result<(), Breach> {
        let manifest = r#"{"schema":"docket.manifest/1","id":"a","version":"1.0.0",
            "endpoints":{"api":{"base_url":"https://x.test"}}}"#;
        let manifest = crate::manifest::parse(manifest).unwrap();
        Checker { manifest: &manifest, limits: &Limits::default() }.job_next(next)
    }

    #[test]
    fn a_jobs_calls_are_checked_like_a_requests() {
        check(&mut job(upload(call("api")))).unwrap();
        for effect in [
            upload(call("evil")),
            JobEffect::Call(call("evil")),
            JobEffect::DownloadLines(Source::Call(call("evil"))),
        ] {
            assert!(check(&mut job(effect)).unwrap_err().1.contains("evil"));
        }
        let body = vec![Segment::Literal("x".into())];
        assert!(
            check(&mut job(upload(HttpCall { body, ..call("api") })))
                .unwrap_err()
                .1
                .contains("body of its own")
        );
        let method = "get".into();
        assert!(check(&mut job(JobEffect::Call(HttpCall { method, ..call("api") }))).is_err());
        let header = Header { name: "x".into(), value: "y".repeat(MAX_HEADER_BYTES) };
        assert!(check(&mut job(JobEffect::Call(HttpCall { headers: vec![header], ..call("api") }))).is_err());
        let large = JobNext { state: vec![0; 65_537], ..job(JobEffect::Wait(1)) };
        assert_eq!(check(&mut large.clone()).unwrap_err().0, StepErrorKind::Limit);
    }

    #[test]
    fn progress_and_failures_are_cut() {
        let failure =
            Failure::new(FailureClass::Other("y".repeat(900)), RetryAdvice::Never, "z".repeat(9000));
        let mut next = job(JobEffect::Fail(failure));
        next.progress.provider_state = Some("x".repeat(900));
        check(&mut next).unwrap();
        assert_eq!(next.progress.provider_state.unwrap().len(), MAX_NAME);
        let JobEffect::Fail(failure) = next.effect else { panic!("a failure") };
        assert_eq!(failure.message.len(), Failure::MAX_MESSAGE);
        assert!(matches!(failure.class, FailureClass::Other(name) if name.len() == MAX_NAME));
    }

    #[test]
    fn an_item_is_one_line_with_a_bounded_id() {
        let splice = Segment::Splice { index: 0, encoding: SpliceEncoding::Json };
        check_line(&[Segment::Literal("{".into()), splice]).unwrap();
        assert!(check_line(&[Segment::Literal("a\nb".into())]).is_err());
        assert!(check_line(&[Segment::Bytes(b"a\r".to_vec())]).is_err());
        let mut item = ItemResult { custom_id: "x".repeat(300), outcome: ItemOutcome::Expired };
        assert!(check_item(&mut item).is_err());
    }

    #[test]
    fn what_else_is_billed_is_bounded() {
        let extra = (0..1000).map(|n| (format!("{n:04}"), u64::MAX)).collect();
        let mut usage = Usage { extra, ..Usage::default() };
        bound_usage(&mut usage);
        assert_eq!((usage.extra.len(), usage.extra["0000"]), (MAX_EXTRA, MAX_COUNT));
        assert!(check_delta(&mut Delta::Content("{}".into())).is_ok());
        assert!(check_delta(&mut Delta::Content("[".into())).is_err());
    }
}
