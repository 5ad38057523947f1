//! Calls that the host shall send, and their bodies.

use crate::text::cut;
use crate::{Call, Failure, FailureClass, Header, Method, Segment, SpliceEncoding};
use serde::Serialize;

/// A body, or a line of a batch: literals and texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Body(pub(crate) Vec<Segment>);

impl Body {
    /// `value` as compact JSON. Each [`Text`](crate::Text) in it is escaped for the string that it stands in.
    pub fn json(value: &impl Serialize) -> Result<Self, Failure> {
        let written = serde_json::to_string(value).map_err(|_| {
            Failure::new(FailureClass::InvalidRequest, "the request cannot be written as JSON")
        })?;
        Ok(Self(cut(written, SpliceEncoding::Json)))
    }

    /// `written` as it is; each text in it too.
    pub fn plain(written: impl Into<String>) -> Self {
        Self(cut(written.into(), SpliceEncoding::Raw))
    }

    /// `written` is JSON already; each text in it is escaped for the string that it stands in.
    pub fn written_json(written: impl Into<String>) -> Self {
        Self(cut(written.into(), SpliceEncoding::Json))
    }

    /// Its pieces, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl Call {
    /// A call to `path` (starts with `/`) under the manifest's `endpoint`.
    pub fn new(method: Method, endpoint: impl Into<String>, path: impl Into<String>) -> Self {
        let repeatable = matches!(method, Method::Get);
        Self {
            endpoint: endpoint.into(),
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            auth: None,
            timeout_ms: None,
            repeatable,
        }
    }

    /// A GET, which the host may repeat.
    pub fn get(endpoint: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(Method::Get, endpoint, path)
    }

    /// A POST, which the host sends at most once.
    pub fn post(endpoint: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(Method::Post, endpoint, path)
    }

    /// With the credential of this slot of the manifest.
    pub fn auth(mut self, slot: impl Into<String>) -> Self {
        self.auth = Some(slot.into());
        self
    }

    /// With one more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// With one more query parameter; the host encodes it.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// With this body.
    pub fn body(mut self, body: Body) -> Self {
        self.body = body.0;
        self
    }

    /// With this JSON body and its content type.
    pub fn json(self, value: &impl Serialize) -> Result<Self, Failure> {
        Ok(self.header("content-type", "application/json").body(Body::json(value)?))
    }

    /// The host waits at most so many milliseconds for the whole reply.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }

    /// Whether the host may repeat it without cost or harm.
    pub fn repeatable(mut self, repeatable: bool) -> Self {
        self.repeatable = repeatable;
        self
    }
}
