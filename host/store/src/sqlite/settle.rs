//! The end of leases: one fenced update for all, then everything that hangs on the rows it changed.

use super::packed::{Bytes, hex, json};
use super::rows::{get, provider, request_id, state};
use super::tx::{Tx, statement};
use crate::{Error, Fenced, NewDelivery, Result, Settlement, Sink, Transition};
use docket_types::{RequestId, RequestState};
use std::collections::{HashMap, HashSet};

/// Settles all of these; one answer each, in order. Of two with the same lease the first wins.
pub(super) async fn settle(tx: &mut Tx<'_>, settlements: &[&Settlement]) -> Result<Vec<Fenced>> {
    let mut seen = HashSet::new();
    let first: Vec<bool> = settlements.iter().map(|s| seen.insert((s.id, s.epoch))).collect();
    let mut rows = Vec::new();
    for (settlement, _) in settlements.iter().zip(&first).filter(|(_, first)| **first) {
        let (to, ready_at) = target(settlement)?;
        rows.push((hex(settlement.id.0), settlement.epoch, to, ready_at, settlement.at.as_micros()));
    }
    let moved = apply(tx, json(&rows)?).await?;
    let mut tails = Tails::default();
    let mut answers = Vec::with_capacity(settlements.len());
    for (settlement, first) in settlements.iter().zip(first) {
        match moved.get(&(settlement.id, settlement.epoch)) {
            Some(n) if first => {
                tails.add(tx, *n, settlement);
                answers.push(Fenced::Done);
            }
            _ => answers.push(Fenced::Stale),
        }
    }
    tails.insert(tx).await?;
    Ok(answers)
}

/// Refuses what is not a settlement, before anything is written.
pub(super) fn check(settlements: &[Settlement]) -> Result<()> {
    settlements.iter().try_for_each(|settlement| target(settlement).map(drop))
}

/// The state to go to and the time to be ready, for the statement. `release` lets the row decide.
fn target(settlement: &Settlement) -> Result<(&'static str, Option<i64>)> {
    match &settlement.transition {
        Transition::Finish { state, .. } if state.is_terminal() => Ok((state.as_str(), None)),
        Transition::Finish { state, .. } => Err(Error::Internal(format!("`{state}` does not end a request"))),
        Transition::RetryAt(at) if *at <= settlement.at => Ok(("queued", Some(at.as_micros()))),
        Transition::RetryAt(at) => Ok(("waiting", Some(at.as_micros()))),
        Transition::Release => Ok(("release", None)),
    }
}

/// The fenced update. Returns the rows that were changed, by lease.
async fn apply(tx: &mut Tx<'_>, rows: String) -> Result<HashMap<(RequestId, i64), i64>> {
    let sql = statement(
        "UPDATE requests SET updated_at = j.at, worker = NULL, lease_until = NULL, taken_from = NULL, \
             ready_at = coalesce(j.ready_at, requests.ready_at), \
             attempts = attempts - (j.next = 'release' AND taken_from IS NULL), \
             state = CASE WHEN j.next <> 'release' THEN j.next \
                 WHEN taken_from = 'job' AND EXISTS (SELECT 1 FROM batches \
                     WHERE batches.id = batch_id AND batches.state = 'open') THEN 'batched' \
                 ELSE 'queued' END \
         FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS epoch, value ->> 2 AS next, value ->> 3 AS ready_at, \
             value ->> 4 AS at FROM json_each(?1)) AS j \
         WHERE requests.id = j.id AND requests.epoch = j.epoch AND requests.state IN ('running', 'batched') \
         RETURNING requests.id, requests.provider, requests.state, requests.epoch, requests.n, requests.bytes",
    );
    let mut moved = HashMap::new();
    for row in tx.rows(sql.bind(rows)).await? {
        let (id, now) = (request_id(&row, 0)?, state(&row, 2)?);
        match now {
            RequestState::Queued => {
                tx.ready(&provider(&row, 1)?);
                tx.delta.queued += 1;
            }
            RequestState::Waiting => tx.delta.queued += 1,
            now if now.is_terminal() => {
                tx.delta.open -= 1;
                tx.delta.bytes -= get::<i64, _>(&row, 5)?;
            }
            _ => {}
        }
        tx.moved(id, now);
        moved.insert((id, get(&row, 3)?), get(&row, 4)?);
    }
    Ok(moved)
}

/// Where bytes are: the place and the length.
type Span = (usize, usize);

type AttemptRow = (
    i64,
    i64,
    u32,
    &'static str,
    Option<String>,
    i64,
    i64,
    Option<String>,
    Option<String>,
    Option<Span>,
    i64,
);

/// What hangs on the changed rows.
#[derive(Default)]
struct Tails {
    bytes: Bytes,
    attempts: Vec<AttemptRow>,
    outcomes: Vec<(i64, Span)>,
    events: Vec<(String, String, i64, Span)>,
    outbox: Vec<(String, i64, String, i64, Span)>,
}

impl Tails {
    fn add(&mut self, tx: &mut Tx<'_>, n: i64, settlement: &Settlement) {
        if let Some(attempt) = &settlement.attempt {
            self.attempts.push((
                n,
                settlement.epoch,
                attempt.number,
                attempt.mode.as_str(),
                attempt.batch_id.map(|id| hex(id.0)),
                attempt.started_at.as_micros(),
                attempt.ended_at.as_micros(),
                attempt.provider_request_id.clone(),
                attempt.failure_class.clone(),
                attempt.usage.as_ref().map(|usage| self.bytes.push(usage)),
                attempt.cost.0,
            ));
        }
        if let Transition::Finish { outcome, deliveries, .. } = &settlement.transition {
            let span = self.bytes.push(outcome);
            self.outcomes.push((n, span));
            for delivery in deliveries {
                self.deliver(tx, n, settlement.at.as_micros(), delivery);
            }
        }
    }

    fn deliver(&mut self, tx: &mut Tx<'_>, n: i64, at: i64, delivery: &NewDelivery) {
        let span = self.bytes.push(&delivery.body);
        match &delivery.sink {
            Sink::Topic(topic) => {
                tx.topic(topic);
                self.events.push((topic.clone(), delivery.id.clone(), n, span));
            }
            Sink::Webhook(url) => {
                tx.delivery();
                self.outbox.push((delivery.id.clone(), n, url.clone(), at, span));
            }
        }
    }

    /// All in one text: with nothing to insert a statement costs next to nothing, a second call does.
    /// The arguments are `$n`, because with `?n` a statement that leaves out a number would get none after it.
    async fn insert(self, tx: &mut Tx<'_>) -> Result<()> {
        if self.attempts.is_empty() && self.outcomes.is_empty() {
            return Ok(());
        }
        let sql = statement(
            "INSERT INTO attempts (n, epoch, number, mode, batch_id, started_at, ended_at, provider_request_id, \
                 failure_class, usage, cost) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, value ->> 6, \
                 value ->> 7, value ->> 8, substr($1, value ->> '$[9][0]', value ->> '$[9][1]'), value ->> 10 \
                 FROM json_each($2) WHERE true ON CONFLICT DO NOTHING; \
             INSERT INTO outcomes (n, body) SELECT value ->> 0, \
                 substr($1, value ->> '$[1][0]', value ->> '$[1][1]') FROM json_each($3); \
             INSERT INTO events (topic, id, n, body) SELECT value ->> 0, value ->> 1, value ->> 2, \
                 substr($1, value ->> '$[3][0]', value ->> '$[3][1]') \
                 FROM json_each($4) WHERE true ON CONFLICT (id) DO NOTHING; \
             INSERT INTO outbox (id, n, url, state, next_at, created_at) SELECT value ->> 0, value ->> 1, value ->> 2, \
                 'pending', value ->> 3, value ->> 3 FROM json_each($5) WHERE true ON CONFLICT (id) DO NOTHING; \
             INSERT INTO outbox_bodies (d, body) \
                 SELECT (SELECT d FROM outbox WHERE outbox.id = value ->> 0), \
                 substr($1, value ->> '$[4][0]', value ->> '$[4][1]') \
                 FROM json_each($5) WHERE true ON CONFLICT (d) DO NOTHING",
        );
        let sql = sql
            .bind(self.bytes.0)
            .bind(json(&self.attempts)?)
            .bind(json(&self.outcomes)?)
            .bind(json(&self.events)?)
            .bind(json(&self.outbox)?);
        tx.run(sql).await?;
        Ok(())
    }
}
