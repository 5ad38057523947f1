//! The results of a job: lines from a provider, or its own lines back.

use super::drive::{After, Job};
use super::items::{Members, Tally};
use crate::core::Core;
use docket_provider::Target;
use docket_telemetry::host;
use docket_types::exchange::{Context, HttpCall, HttpReply, JobEvent, Payload, Source};
use futures_util::StreamExt as _;

/// The most of an error's text that an adapter gets to see.
const ERROR_TEXT: usize = 64 * 1024;

impl Job<'_> {
    /// Reads results and stores the items' outcomes.
    pub(super) async fn download(&mut self, source: Source) -> After {
        self.members.tally = Tally::default();
        let context = self.context();
        let event = match source {
            Source::Loopback => {
                self.members.loop_back(&context).await;
                None
            }
            Source::Call(call) => tokio::select! {
                biased;
                () = self.stop.cancelled() => return After::Cut,
                event = read(self.core, &self.target, &mut self.members, &context, &call) => event,
            },
        };
        self.members.store_ends().await;
        if self.stop.is_cancelled() {
            return After::Cut;
        }
        let tally = self.members.tally;
        if tally.unknown + tally.unreadable > 0 {
            tracing::warn!(job = %self.batch.id, provider = %self.batch.provider, unknown = tally.unknown,
                unreadable = tally.unreadable, "some result lines belong to no open item");
            host::batch_items_total(
                self.batch.provider.as_str(),
                "unknown",
                tally.unknown + tally.unreadable,
            );
        }
        host::batch_items_total(self.batch.provider.as_str(), "completed", u64::from(tally.completed));
        host::batch_items_total(self.batch.provider.as_str(), "failed", u64::from(tally.failed));
        After::Event(event.unwrap_or_else(|| {
            self.notes.downloaded = true;
            JobEvent::Downloaded(tally.lines)
        }))
    }
}

/// Reads result lines from a provider. Some: the adapter must hear what went wrong.
async fn read(
    core: &Core,
    target: &Target,
    members: &mut Members<'_>,
    context: &Context,
    call: &HttpCall,
) -> Option<JobEvent> {
    let (status, headers, mut lines) = match core.outbound.download_lines(target, call).await {
        Ok(download) => download,
        Err(error) => return Some(JobEvent::Transport(error)),
    };
    let mut text = String::new();
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) if status < 400 => members.decode(context, &line).await,
            Ok(line) if text.len() + line.len() < ERROR_TEXT => {
                text.push_str(&line);
                text.push('\n');
            }
            Ok(_) => break,
            Err(error) => return Some(JobEvent::Transport(error)),
        }
    }
    (status >= 400).then_some(JobEvent::Reply(HttpReply { status, headers, body: Payload::Text(text) }))
}
