//! Sending comparisons and waiting for their callbacks: the part that `submit` and suites share.

use crate::client::{Client, Receipt, Submitted};
use crate::exit::{Exit, Failure};
use crate::suite::callback::Envelope;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Submissions in flight at once.
const IN_FLIGHT: usize = 16;

/// One long poll.
const POLL: Duration = Duration::from_secs(5);

/// A comparison to send: its body, with this correlation id, which is also its idempotency key.
pub(crate) struct Outgoing {
    pub(crate) correlation_id: Uuid,
    pub(crate) body: Value,
}

/// Sends all of them, some at a time; receipts come in the order of `all`. A full queue is waited for until `deadline`.
pub(crate) async fn send_all(
    client: &Client,
    all: &[Outgoing],
    deadline: Instant,
) -> Result<Vec<Receipt>, Failure> {
    stream::iter(all).map(|one| send(client, one, deadline)).buffered(IN_FLIGHT).try_collect().await
}

async fn send(client: &Client, one: &Outgoing, deadline: Instant) -> Result<Receipt, Failure> {
    loop {
        match client.submit(&one.body, &one.correlation_id).await? {
            Submitted::Accepted(receipt) => return Ok(receipt),
            Submitted::Busy(wait) if Instant::now() + wait < deadline => tokio::time::sleep(wait).await,
            Submitted::Busy(_) => {
                return Err(Failure::new(Exit::Failed, "the queue stayed full for the whole time limit"));
            }
        }
    }
}

/// A reader of one topic from its beginning.
pub(crate) struct Reader<'a> {
    client: &'a Client,
    topic: &'a str,
    after: i64,
    /// Everything read so far.
    pub(crate) received: Vec<Envelope>,
}

impl<'a> Reader<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(client: &'a Client, topic: &'a str) -> Self {
        Self { client, topic, after: 0, received: Vec::new() }
    }

    /// Reads until every request of `wanted` has a callback, or until `deadline`; says how many have one.
    pub(crate) async fn wait_for(
        &mut self,
        wanted: &BTreeSet<Uuid>,
        deadline: Instant,
        mut progress: impl FnMut(u64),
    ) -> Result<usize, Failure> {
        loop {
            let have = self.received.iter().filter(|e| wanted.contains(&e.data.request_id));
            let have = have.map(|e| e.data.request_id).collect::<BTreeSet<_>>().len();
            progress(have as u64);
            let left = deadline.saturating_duration_since(Instant::now());
            if have == wanted.len() || left.is_zero() {
                return Ok(have);
            }
            self.read(left.min(POLL)).await?;
        }
    }

    /// Reads what is there, waiting up to `wait` for the first new event.
    pub(crate) async fn read(&mut self, wait: Duration) -> Result<(), Failure> {
        for event in self.client.topic(self.topic, self.after, wait).await? {
            self.after = self.after.max(event.seq);
            let envelope = Envelope::read(event.event).map_err(|e| {
                Failure::new(
                    Exit::Failed,
                    format!("event {} of {} is no comparison result: {e}", event.seq, self.topic),
                )
            })?;
            self.received.push(envelope);
        }
        Ok(())
    }
}
