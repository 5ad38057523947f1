//! Reading a reply line by line, for result files of any length.

use crate::error::{blocked, transport};
use crate::outbound::{Outbound, reply_headers, shorter, within};
use crate::target::Target;
use crate::{body, request};
use bytes::Bytes;
use docket_types::chat::Texts;
use docket_types::exchange::{Header, HttpCall, TransportError};
use futures_util::stream::{self, Stream};
use reqwest::{Body, Response};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// Lines without their line breaks, redacted. After an error there is nothing more.
pub type LineStream = Pin<Box<dyn Stream<Item = Result<String, TransportError>> + Send>>;

/// Status, headers and lines of a reply.
pub type Download = (u16, Vec<Header>, LineStream);

impl Outbound {
    /// Sends a call and gives its reply's lines as they come. The whole download, each pause, each line and the sum
    /// are bounded by the options. A status of 400 or more has lines, too: the error's text.
    pub async fn download_lines(&self, target: &Target, call: &HttpCall) -> Result<Download, TransportError> {
        let prepared = request::prepare(target, call)?;
        let body = body::write_body_within(&call.body, &Texts::default(), self.options.max_body)
            .map_err(|e| blocked(e.to_string()))?;
        let body = if body.is_empty() { None } else { Some(Body::from(body)) };
        let limit = shorter(self.options.transfer_timeout, call);
        let deadline = Instant::now() + limit;
        let response = within(limit, self.open(prepared, body)).await?;
        let status = response.status().as_u16();
        let headers = reply_headers(target, response.headers());
        let cutter = Cutter {
            response,
            target: target.clone(),
            rest: Vec::new(),
            searched: 0,
            ended: false,
            seen: 0,
            deadline,
            idle: self.options.idle_timeout,
            max_line: self.options.max_line,
            max_download: self.options.max_download,
        };
        let lines = stream::unfold(Some(cutter), |cutter| async {
            let mut cutter = cutter?;
            match cutter.next_line().await {
                Ok(Some(line)) => Some((Ok(line), Some(cutter))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok((status, headers, Box::pin(lines)))
    }
}

/// Cuts a body into lines.
struct Cutter {
    response: Response,
    target: Target,
    /// What came and is not given out yet.
    rest: Vec<u8>,
    /// No line break stands before this index of `rest`.
    searched: usize,
    ended: bool,
    seen: u64,
    deadline: Instant,
    idle: Duration,
    max_line: usize,
    max_download: u64,
}

impl Cutter {
    async fn next_line(&mut self) -> Result<Option<String>, TransportError> {
        loop {
            if let Some(offset) = memchr::memchr(b'\n', &self.rest[self.searched..]) {
                let end = self.searched + offset;
                self.searched = 0;
                let tail = self.rest.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.rest, tail);
                line.pop();
                return self.finished(line).map(Some);
            }
            self.searched = self.rest.len();
            // A carriage return may still follow the longest line.
            if self.rest.len() > self.max_line + 1 {
                return Err(TransportError::TooLarge);
            }
            if self.ended {
                let line = std::mem::take(&mut self.rest);
                self.searched = 0;
                return if line.is_empty() { Ok(None) } else { self.finished(line).map(Some) };
            }
            match self.chunk().await? {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => self.ended = true,
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        let until = self.deadline.min(Instant::now() + self.idle);
        let chunk = tokio::time::timeout_at(until, self.response.chunk())
            .await
            .map_err(|_| TransportError::Timeout)?
            .map_err(|e| transport(&e))?;
        self.seen += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if self.seen > self.max_download { Err(TransportError::TooLarge) } else { Ok(chunk) }
    }

    fn finished(&self, mut line: Vec<u8>) -> Result<String, TransportError> {
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.len() > self.max_line {
            return Err(TransportError::TooLarge);
        }
        String::from_utf8(self.target.redactor.bytes(line))
            .map_err(|_| TransportError::Other("a line of the reply is not UTF-8".into()))
    }
}
