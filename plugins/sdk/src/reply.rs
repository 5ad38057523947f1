//! Reading replies.

use crate::{Context, Failure, Payload, Reply};
use serde::Deserialize;

impl Reply {
    /// This reply if its status is 200 to 299, else [`Failure::from_status`].
    pub fn ok(&self, context: &Context) -> Result<&Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(Failure::from_status(self.status, &self.headers, context.now_ms))
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, Failure> {
        match &self.body {
            Payload::Text(text) => Ok(text),
            Payload::Bytes(_) => {
                Err(Failure::bad_response("the answer is not valid UTF-8").status(self.status))
            }
        }
    }

    /// The body as JSON of this shape.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_str(self.text()?).map_err(|error| Failure::from(error).status(self.status))
    }

    /// The first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str())
    }
}
