//! Sending many items as one body, without holding them.

use crate::error::blocked;
use crate::outbound::{Outbound, shorter, within};
use crate::request;
use crate::target::Target;
use bytes::Bytes;
use docket_types::exchange::{Header, HttpReply, Multipart, TransportError, Upload};
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use http::HeaderValue;
use reqwest::Body;
use std::hash::{BuildHasher as _, RandomState};
use std::io;

impl Outbound {
    /// Sends `items`, one stream element each, with the upload's prefix, separator and suffix around them. The body
    /// is never held as a whole and never sent twice. An error in `items` breaks the upload off.
    pub async fn upload<S>(
        &self,
        target: &Target,
        upload: &Upload,
        items: S,
    ) -> Result<HttpReply, TransportError>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        if !upload.call.body.is_empty() {
            return Err(blocked("an upload's own body must be empty"));
        }
        let mut prepared = request::prepare(target, &upload.call)?;
        let (mut head, mut tail) = (upload.prefix.clone(), upload.suffix.clone());
        if let Some(form) = &upload.multipart {
            let frame = Frame::new(form).map_err(blocked)?;
            prepared.headers.insert(http::header::CONTENT_TYPE, frame.content_type);
            head.insert_str(0, &frame.before);
            tail.push_str(&frame.after);
        }
        let body = Body::wrap_stream(framed(head, upload.separator.clone(), tail, items));
        let limit = shorter(self.options.transfer_timeout, &upload.call);
        within(limit, self.exchange(target, prepared, Some(body))).await
    }
}

fn framed<S>(
    head: String,
    separator: String,
    tail: String,
    items: S,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let separator = Bytes::from(separator);
    let separated = items.enumerate().flat_map(move |(at, item)| {
        let between = (at > 0 && !separator.is_empty()).then(|| Ok(separator.clone()));
        stream::iter(between.into_iter().chain([item]))
    });
    let once = |text: String| stream::iter((!text.is_empty()).then(|| Ok(Bytes::from(text))));
    once(head).chain(separated).chain(once(tail))
}

/// What stands around the file of a multipart form.
struct Frame {
    before: String,
    after: String,
    content_type: HeaderValue,
}

impl Frame {
    fn new(form: &Multipart) -> Result<Self, String> {
        // Unpredictable, so that no item can contain it on purpose.
        let random = || RandomState::new().hash_one(0_u8);
        let boundary = format!("docket-{:016x}{:016x}", random(), random());
        let mut before = String::new();
        for Header { name, value } in &form.fields {
            quotable("field name", name)?;
            if value.contains(&boundary) {
                return Err("a form field contains the boundary".into());
            }
            before.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        quotable("file field", &form.file_field)?;
        quotable("file name", &form.file_name)?;
        quotable("file type", &form.file_type)?;
        before.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            form.file_field, form.file_name, form.file_type
        ));
        let content_type = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
            .map_err(|_| "the boundary is no header value".to_owned())?;
        Ok(Self { before, after: format!("\r\n--{boundary}--\r\n"), content_type })
    }
}

/// Nothing that could end the quoted string or the header line.
fn quotable(what: &str, text: &str) -> Result<(), String> {
    let good = !text.is_empty()
        && text.len() <= 255
        && !text.chars().any(|c| c.is_control() || c == '"' || c == '\\');
    if good { Ok(()) } else { Err(format!("the form's {what} is refused")) }
}
