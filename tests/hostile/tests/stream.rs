//! A decoder keeps its instance for its stream, is bounded in each call, and is over after an error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::StepErrorKind;
use docket_tests_hostile::*;
use docket_types::FailureClass;
use docket_types::chat::Texts;
use docket_types::exchange::Payload;
use docket_types::stream::{Delta, Frame};
use std::sync::Arc;

const CONTEXT: &str = "i32 i32 i32 i64 i64 i32 i32 i32 i32 i32 i32";
const RESULT: u32 = SCRATCH + 1024;

/// A guest with a decoder. `push` runs before it gives one delta, the number of its call.
fn decoder(push: &str) -> Guest {
    let json = "{\"n\":0}";
    let name = "docket:provider/streaming@0.1.0";
    let items = format!(
        "(global $calls (mut i32) (i32.const 0))
        {json}
        (func (export \"{name}#open\") (param {CONTEXT} i32 i32) (result i32)
            (i32.store8 (i32.const {RESULT}) (i32.const 1))
            (i32.store8 (i32.const {class}) (i32.const 12))
            (i32.const {RESULT}))
        (func (export \"{name}#[constructor]decoder\") (param {CONTEXT} i32 i32 i32 i32) (result i32)
            (call $new (i32.const 0)))
        (func $push (export \"{name}#[method]decoder.push\") (param $self i32) (param $frames i32) (param $n i32)
            (result i32) (local $i i32)
            {push}
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (i32.store8 (i32.const {digit}) (i32.add (i32.const 48) (global.get $calls)))
            {list}
            {content}
            (i32.const {RESULT}))
        (func (export \"{name}#[method]decoder.finish\") (param $self i32) (param $clean i32) (result i32)
            (i32.store8 (i32.const {RESULT}) (i32.eqz (local.get $clean)))
            (if (local.get $clean) (then {completion}) (else (i32.store8 (i32.const {class}) (i32.const 11))))
            (i32.const {RESULT}))",
        json = data(SCRATCH, json.as_bytes()),
        class = RESULT + 8,
        digit = SCRATCH + 5,
        list = store32(RESULT + 8, RESULT + 512) + &store32(RESULT + 12, 1),
        content = store32(RESULT + 520, SCRATCH) + &store32(RESULT + 524, 7),
        completion = store32(RESULT + 8, SCRATCH) + &store32(RESULT + 12, 7),
    );
    Guest {
        worlds: vec!["adapter", "streaming-adapter"],
        imports: format!(
            "(import \"[export]{name}\" \"[resource-new]decoder\" (func $new (param i32) (result i32)))"
        ),
        ..Guest::new(wait(1)).with(items)
    }
}

fn frames() -> Vec<Frame> {
    vec![Frame { event: None, id: None, data: Payload::Text("{}".into()) }]
}

async fn open(push: &str) -> docket_adapter::Decoder {
    let adapter = load(&engine(), &decoder(push).build()).unwrap_or_else(|e| panic!("{e}"));
    assert!(adapter.has_streaming() && !adapter.has_batch());
    adapter.decoder(&context(), "{}", &[], &Texts::default()).await.expect("a decoder")
}

#[tokio::test]
async fn a_decoder_remembers_from_push_to_push() {
    let mut stream = open("").await;
    for n in 1..=3 {
        let deltas = stream.push(frames()).await.unwrap().unwrap();
        assert_eq!(deltas, [Delta::Content(format!("{{\"n\":{n}}}"))]);
    }
    let completion = stream.finish(true).await.unwrap().unwrap();
    assert_eq!(completion.json, "{\"n\":3}");
    let broken = open("").await.finish(false).await.unwrap().unwrap_err();
    assert_eq!(broken.class, FailureClass::BadResponse);
}

#[tokio::test]
async fn two_streams_do_not_meet() {
    let adapter = load(&engine(), &decoder("").build()).unwrap();
    let open = async || adapter.decoder(&context(), "{}", &[], &Texts::default()).await;
    let (mut one, mut two) = (open().await.unwrap(), open().await.unwrap());
    one.push(frames()).await.unwrap().unwrap();
    let deltas = two.push(frames()).await.unwrap().unwrap();
    assert_eq!(deltas, [Delta::Content("{\"n\":1}".into())]);
}

#[tokio::test]
async fn the_opening_call_is_an_ordinary_step() {
    let adapter = load(&engine(), &decoder("").build()).unwrap();
    let refused = adapter.open_stream(&context(), "{}", &Texts::default()).await.unwrap().unwrap_err();
    assert_eq!(refused.class, FailureClass::Unsupported);
}

#[tokio::test]
async fn an_adapter_without_streams_says_so() {
    let good = good(&engine());
    let error = good.open_stream(&context(), "{}", &Texts::default()).await.unwrap_err();
    assert_eq!(error.kind, StepErrorKind::Contract);
    assert!(error.message.contains("no streaming interface"), "{error}");
    let error = good.batch_limits(&context()).await.unwrap_err();
    assert!(error.message.contains("no batch interface"), "{error}");
}

async fn ends(push: &str, kind: StepErrorKind, said: &str) {
    let mut stream = open(push).await;
    let error = stream.push(frames()).await.unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.message.contains(said), "{error}");
    let over = stream.push(frames()).await.unwrap_err();
    assert!(over.message.contains("over already"), "{over}");
    assert!(stream.finish(true).await.unwrap_err().message.contains("over already"));
}

#[tokio::test]
async fn hostile_decoders_end_their_stream() {
    ends("(loop $l (br $l))", StepErrorKind::Timeout, "longer than").await;
    ends("unreachable", StepErrorKind::Trap, "push").await;
    let leak = |handles: u32| {
        format!(
            "(loop $l (drop (call $new (i32.const 0))) (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (i32.const {handles}))))"
        )
    };
    ends(&leak(1001), StepErrorKind::Limit, "more than 1000 handles").await;
    assert!(open(&leak(990)).await.push(frames()).await.is_ok(), "as many as that are allowed");
    let broken = format!("(i32.store8 (i32.const {SCRATCH}) (i32.const 91))");
    ends(&broken, StepErrorKind::Contract, "a delta is not JSON").await;
}

/// Each call has its own deadline, and a stream that was slow once continues elsewhere or ends; others go on.
#[tokio::test]
async fn a_slow_stream_moves_the_next_one_to_the_slow_lane() {
    let adapter = load(
        &engine(),
        &decoder("(if (i32.eq (global.get $calls) (i32.const 1)) (then (loop $l (br $l))))").build(),
    );
    let adapter = adapter.unwrap();
    let open = async || adapter.decoder(&context(), "{}", &[], &Texts::default()).await;
    let mut first = open().await.unwrap();
    first.push(frames()).await.unwrap().unwrap();
    assert_eq!(first.push(frames()).await.unwrap_err().kind, StepErrorKind::Timeout);
    assert!(adapter.is_slow());
    let mut second = open().await.unwrap();
    second.push(frames()).await.unwrap().unwrap();
    assert_eq!(second.push(frames()).await.unwrap_err().kind, StepErrorKind::Timeout);
}

#[tokio::test]
async fn streams_leave_room_for_steps() {
    let adapter = load(&engine(), &decoder("").build()).unwrap();
    let mut open = Vec::new();
    let full = loop {
        match adapter.decoder(&context(), "{}", &[], &Texts::default()).await {
            Ok(stream) => open.push(stream),
            Err(error) => break error,
        }
    };
    assert_eq!((full.kind, open.len()), (StepErrorKind::Busy, 8), "half of the instances: {full}");
    assert!(step(&adapter).await.is_ok(), "steps go on");
    open.pop();
    assert!(adapter.decoder(&context(), "{}", &[], &Texts::default()).await.is_ok(), "a place was freed");
    assert_eq!(Arc::strong_count(&adapter), 1 + open.len());
}
