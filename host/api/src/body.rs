//! Reading a JSON body: bounded in size and time, parsed once, with errors that name the field.

use crate::error::{ApiError, ApiResult};
use crate::state::Shared;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer,
};
use std::fmt;
use std::marker::PhantomData;

/// The longest message about a body, in characters: it may quote the caller's own text.
const MAX_MESSAGE: usize = 300;

/// Reads the body of a JSON request.
pub(crate) async fn read(shared: &Shared, headers: &HeaderMap, body: Body) -> ApiResult<Bytes> {
    check_type(headers)?;
    read_within(shared, headers, body, shared.options.max_body_bytes).await
}

/// Reads the body of a JSON request that may be large: few of them at the same time.
pub(crate) async fn read_large(shared: &Shared, headers: &HeaderMap, body: Body) -> ApiResult<Bytes> {
    check_type(headers)?;
    let small = announced(headers).is_some_and(|length| length <= shared.options.max_body_bytes as u64);
    let _place = match small {
        true => None,
        false => Some(shared.large.try_acquire().map_err(|_| ApiError::busy("too many large bodies"))?),
    };
    read_within(shared, headers, body, shared.options.max_assessment_bytes).await
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok())
}

async fn read_within(shared: &Shared, headers: &HeaderMap, body: Body, limit: usize) -> ApiResult<Bytes> {
    let too_large = || {
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PAYLOAD_TOO_LARGE",
            format!("the body exceeds {limit} bytes"),
        )
        .detail("max_body_bytes", limit)
    };
    if announced(headers).is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(shared.options.body_timeout, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_limit(&error) => Err(too_large()),
        Ok(Err(_)) => {
            Err(ApiError::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "the body ended before its time"))
        }
        Err(_) => {
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "the body took too long to arrive"))
        }
    }
}

fn is_limit(error: &axum::Error) -> bool {
    use std::error::Error as _;
    error.source().is_some_and(|source| source.to_string().contains("length limit"))
}

fn check_type(headers: &HeaderMap) -> ApiResult<()> {
    let text = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let json = essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > 5 && essence[essence.len() - 5..].eq_ignore_ascii_case("+json"));
    if json {
        return Ok(());
    }
    let message = "the content-type must be application/json";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
        .param("Content-Type"))
}

/// Parses a body. The path to what is wrong is only looked for when something is.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    serde_json::from_slice::<Object<T>>(bytes).map(|object| object.0).map_err(|_| explain::<T>(bytes))
}

fn explain<T: DeserializeOwned>(bytes: &[u8]) -> ApiError {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let error = match serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer) {
        Err(error) => error,
        // Only what follows the object can be wrong.
        Ok(_) => return malformed("there is text after the JSON object"),
    };
    let path = error.path().to_string();
    let inner = error.into_inner();
    if inner.is_syntax() || inner.is_eof() {
        let what = if bytes.iter().all(u8::is_ascii_whitespace) {
            "the body is empty".into()
        } else {
            inner.to_string()
        };
        return malformed(&what);
    }
    let message: String = without_position(&inner.to_string()).chars().take(MAX_MESSAGE).collect();
    let param = param(&path, &message);
    if message.starts_with("missing field") {
        return ApiError::new(StatusCode::BAD_REQUEST, "MISSING_REQUIRED_FIELD", message).param(param);
    }
    if param.is_empty() {
        return ApiError::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message);
    }
    ApiError::invalid(param, message)
}

fn malformed(what: &str) -> ApiError {
    let message: String = format!("the body is not JSON: {what}").chars().take(MAX_MESSAGE).collect();
    ApiError::new(StatusCode::BAD_REQUEST, "PARSING_ERROR", message)
}

/// `... at line 1 column 7` says little about a body that a program wrote; the field says more.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}

/// The dotted path to the field. Missing, unknown and doubled fields are named by the message, not by the path.
fn param(path: &str, message: &str) -> String {
    let parent = if path == "." { "" } else { path };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start))
        .and_then(|rest| rest.split('`').next());
    match named {
        None => parent.to_owned(),
        Some(name) if parent == name || parent.ends_with(&format!(".{name}")) => parent.to_owned(),
        Some(name) if parent.is_empty() => name.to_owned(),
        Some(name) => format!("{parent}.{name}"),
    }
}

/// A JSON object and nothing else. Derived structs would also take an array of their fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Only(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use serde_json::Value;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
        #[serde(default)]
        inner: Option<Object<Inner>>,
        #[serde(default)]
        many: Vec<Object<Inner>>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        n: u32,
    }

    /// Status, code and param of the refusal.
    async fn refused(text: &str) -> (u16, String, String) {
        let response = parse::<Outer>(text.as_bytes()).map(drop).unwrap_err().into_response();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let text = |key: &str| body["error"][key].as_str().unwrap_or("").to_owned();
        (status, text("code"), text("param"))
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        for (text, code, param) in [
            ("", "PARSING_ERROR", ""),
            ("  ", "PARSING_ERROR", ""),
            ("{", "PARSING_ERROR", ""),
            ("{\"name\":\"x\"", "PARSING_ERROR", ""),
            ("{\"name\":\"x\"}}", "PARSING_ERROR", ""),
            ("{'name':'x'}", "PARSING_ERROR", ""),
            ("nonsense", "PARSING_ERROR", ""),
            ("{\"name\":\"\\ud800\"}", "PARSING_ERROR", ""),
            ("[]", "VALIDATION_ERROR", ""),
            ("[\"x\"]", "VALIDATION_ERROR", ""),
            ("null", "VALIDATION_ERROR", ""),
            ("\"x\"", "VALIDATION_ERROR", ""),
            ("{}", "MISSING_REQUIRED_FIELD", "name"),
            ("{\"name\":1}", "VALIDATION_ERROR", "name"),
            ("{\"name\":\"x\",\"nam\":1}", "VALIDATION_ERROR", "nam"),
            ("{\"name\":\"x\",\"inner\":[1]}", "VALIDATION_ERROR", "inner"),
            ("{\"name\":\"x\",\"inner\":{}}", "MISSING_REQUIRED_FIELD", "inner.n"),
            ("{\"name\":\"x\",\"inner\":{\"n\":-1}}", "VALIDATION_ERROR", "inner.n"),
            ("{\"name\":\"x\",\"inner\":{\"n\":1,\"m\":2}}", "VALIDATION_ERROR", "inner.m"),
            ("{\"name\":\"x\",\"many\":[{\"n\":1},{\"n\":\"2\"}]}", "VALIDATION_ERROR", "many[1].n"),
            ("{\"name\":\"x\",\"name\":\"y\"}", "VALIDATION_ERROR", "name"),
        ] {
            let expected = (400, code.to_owned(), param.to_owned());
            assert_eq!(refused(text).await, expected, "{text}");
        }
    }

    #[test]
    fn good_bodies_are_read() {
        let outer: Outer = parse(br#" {"name":"x","inner":{"n":1},"many":[{"n":2}]} "#).unwrap();
        assert_eq!((outer.inner.unwrap().0.n, outer.many[0].0.n), (1, 2));
    }

    #[test]
    fn only_json_is_json() {
        let with = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", text.parse().unwrap());
            check_type(&headers).is_ok()
        };
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"] {
            assert!(with(good), "{good}");
        }
        for bad in ["text/plain", "application/jsonx", "+json", "application/x-www-form-urlencoded"] {
            assert!(!with(bad), "{bad}");
        }
        assert!(check_type(&HeaderMap::new()).is_err());
    }
}
