//! `docket submit`: comparisons of files, sent to a running host, waited for and shown.

mod essays;
mod pairs;
mod report;

use crate::cli::SubmitArgs;
use crate::client::Client;
use crate::exchange::{Outgoing, Reader, send_all};
use crate::exit::{CommandResult, Exit, Failure, OrExit};
use crate::output::Progress;
use docket_types::submission::hint;
use essays::Essay;
use report::{Asked, Report};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Runs `docket submit`.
pub(crate) async fn main(args: SubmitArgs) -> CommandResult {
    let questions = questions(&args)?;
    let client = Client::new(&args.remote.url, None)?;
    let topic = args.topic.clone().unwrap_or_else(|| format!("docket.submit.{}", Uuid::now_v7().simple()));
    let started = Instant::now();
    let deadline = started + Duration::from_secs(args.timeout);
    let outgoing: Vec<Outgoing> = questions.iter().map(|q| outgoing(&args, q, &topic)).collect();
    let receipts = send_all(&client, &outgoing, deadline).await?;
    let asked: Vec<Asked> = receipts
        .into_iter()
        .zip(questions)
        .map(|(r, q)| Asked { request_id: r.queue_id, a: q.a, b: q.b })
        .collect();
    let wanted: BTreeSet<Uuid> = asked.iter().map(|a| a.request_id).collect();
    let mut progress = Progress::new("comparisons answered", asked.len() as u64, args.json);
    let mut reader = Reader::new(&client, &topic);
    let have = reader.wait_for(&wanted, deadline, |done| progress.set(done)).await?;
    progress.finish();
    let report = Report { asked, received: reader.received, topic, took: started.elapsed() };
    report.print(args.json);
    if have < wanted.len() {
        let missing = wanted.len() - have;
        return Err(Failure::new(Exit::Failed, format!("{missing} had no outcome after {} s", args.timeout)));
    }
    Ok(if report.failed() == 0 { Exit::Ok } else { Exit::Failed })
}

/// One comparison: what its two sides are called, and the prompt.
struct Question {
    a: String,
    b: String,
    prompt: String,
}

fn questions(args: &SubmitArgs) -> Result<Vec<Question>, Failure> {
    if let Some(prompt) = &args.prompt {
        return Ok(vec![Question {
            a: "Essay A".to_owned(),
            b: "Essay B".to_owned(),
            prompt: prompt.clone(),
        }]);
    }
    let all: Vec<Essay> = essays::read(&args.paths).or_exit(Exit::Usage)?;
    let pairs = pairs::choose(all.len(), args.pairs);
    Ok(pairs.into_iter().map(|(a, b)| question(&all[a], &all[b])).collect())
}

fn question(a: &Essay, b: &Essay) -> Question {
    let prompt = format!(
        "Two essays follow. Decide which of them is better: how well it answers its question, argues, is built and \
         is written. Say why in one or two sentences, and how sure you are, from 1 (a guess) to 5 (certain).\n\n\
         **Essay A (ID: {}):**\n{}\n\n**Essay B (ID: {}):**\n{}",
        a.name, a.text, b.name, b.text
    );
    Question { a: a.name.clone(), b: b.name.clone(), prompt }
}

fn outgoing(args: &SubmitArgs, question: &Question, topic: &str) -> Outgoing {
    let correlation_id = Uuid::now_v7();
    let mut metadata = Map::new();
    metadata.insert("essay_a_id".to_owned(), json!(question.a));
    metadata.insert("essay_b_id".to_owned(), json!(question.b));
    if let Some(value) = &args.batching_hint {
        metadata.insert(hint::BATCHING_MODE.to_owned(), json!(value));
    }
    if let Some(size) = args.bundle_size {
        metadata.insert(hint::PREFERRED_BUNDLE_SIZE.to_owned(), json!(size));
    }
    let mut overrides = json!({"provider_override": args.provider});
    if let Some(model) = &args.model {
        overrides["model_override"] = Value::from(model.as_str());
    }
    let body = json!({
        "user_prompt": question.prompt,
        "callback_topic": topic,
        "correlation_id": correlation_id,
        "metadata": metadata,
        "llm_config_overrides": overrides,
    });
    Outgoing { correlation_id, body }
}
