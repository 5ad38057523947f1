//! Writing a body: literals, bytes, and texts spliced in by the host.
//!
//! The adapter never holds a text; the cost of a long prompt is one scan and one copy here, with the processor's vector
//! instructions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use docket_types::chat::Texts;
use docket_types::exchange::{Segment, SpliceEncoding};

/// The largest body that [`write_body`] writes, in bytes.
pub const MAX_BODY: usize = 64 * 1024 * 1024;

/// Why a body cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A splice names a text that the request does not have.
    #[error("the body names text {0}, which the request does not have")]
    UnknownText(u32),
    /// The pieces together are too large.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// Writes the pieces one after the other, at most [`MAX_BODY`] bytes.
pub fn write_body(segments: &[Segment], texts: &Texts) -> Result<Bytes, BodyError> {
    write_body_within(segments, texts, MAX_BODY)
}

/// Writes the pieces one after the other, at most `limit` bytes.
pub fn write_body_within(segments: &[Segment], texts: &Texts, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = Vec::with_capacity(expected(segments, texts, limit)? + ESCAPE_ROOM);
    for segment in segments {
        match segment {
            Segment::Literal(text) => body.extend_from_slice(text.as_bytes()),
            Segment::Bytes(bytes) => body.extend_from_slice(bytes),
            Segment::Splice { index, encoding } => {
                let text = texts.get(*index).ok_or(BodyError::UnknownText(*index))?;
                match encoding {
                    SpliceEncoding::Raw => body.extend_from_slice(text.as_bytes()),
                    SpliceEncoding::Json => escape_json(text, &mut body),
                    SpliceEncoding::Base64 => base64(text.as_bytes(), &mut body),
                }
            }
        }
        if body.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
    }
    Ok(body.into())
}

/// The size to reserve: exact but for the escapes, for which prose needs little.
fn expected(segments: &[Segment], texts: &Texts, limit: usize) -> Result<usize, BodyError> {
    let mut size = 0_usize;
    for segment in segments {
        let piece = match segment {
            Segment::Literal(text) => text.len(),
            Segment::Bytes(bytes) => bytes.len(),
            Segment::Splice { index, encoding } => {
                let bytes = texts.get(*index).ok_or(BodyError::UnknownText(*index))?.len();
                match encoding {
                    SpliceEncoding::Raw => bytes,
                    SpliceEncoding::Json => bytes + bytes / 16,
                    SpliceEncoding::Base64 => bytes.div_ceil(3) * 4,
                }
            }
        };
        size = size.saturating_add(piece);
    }
    // The estimate for escapes may exceed the limit where the body does not.
    if size / 2 > limit { Err(BodyError::TooLarge { limit }) } else { Ok(size.min(limit)) }
}

fn base64(bytes: &[u8], body: &mut Vec<u8>) {
    let start = body.len();
    body.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut body[start..]).unwrap_or(0);
    body.truncate(start + written);
}

/// How much text is escaped in one go.
const ESCAPED_AT_ONCE: usize = 4 * 1024;
/// What the escaper reserves before it writes a piece: the worst case, and its own margin.
const ESCAPE_ROOM: usize = 6 * ESCAPED_AT_ONCE + 64;

/// Appends `text` escaped for the inside of a JSON string: the bytes that `serde_json` writes.
pub fn escape_json(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.floor_char_boundary(ESCAPED_AT_ONCE));
        escape_piece(now, out);
        rest = later;
    }
}

/// The escaper writes quotes around its text: the first goes where our last byte stands, which is put back.
fn escape_piece(text: &str, out: &mut Vec<u8>) {
    let before = out.pop();
    let start = out.len();
    json_escape_simd::escape_into(text, out);
    out.pop();
    match before {
        Some(byte) => out[start] = byte,
        None => drop(out.remove(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn texts(all: &[&str]) -> Texts {
        Texts(all.iter().map(|text| Arc::from(*text)).collect())
    }

    fn splice(index: u32, encoding: SpliceEncoding) -> Segment {
        Segment::Splice { index, encoding }
    }

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape_json(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn by_serde(text: &str) -> String {
        let quoted = serde_json::to_string(text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    }

    #[test]
    fn every_ascii_character_at_every_offset_is_escaped_as_serde_json_does() {
        for byte in 0..128_u8 {
            for offset in 0..18 {
                let text = format!("{}{}å\u{7f}\"x", "y".repeat(offset), char::from(byte));
                assert_eq!(escaped(&text), by_serde(&text), "byte {byte} at {offset}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_string_is_escaped_as_serde_json_does(text in any::<String>()) {
            prop_assert_eq!(escaped(&text), by_serde(&text));
        }

        #[test]
        fn dense_specials_are_escaped_as_serde_json_does(text in "[\\x00-\\x22\\\\a-c\u{80}-\u{1ff}]{0,64}") {
            prop_assert_eq!(escaped(&text), by_serde(&text));
        }

        #[test]
        fn a_base64_splice_decodes_to_the_text(text in any::<String>()) {
            let body = write_body(&[splice(0, SpliceEncoding::Base64)], &texts(&[&text])).unwrap();
            prop_assert_eq!(STANDARD.decode(&body).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn a_long_text_is_escaped_piece_by_piece() {
        for lead in 0..6 {
            let long = "x".repeat(lead) + &"aå\"\n\u{1}".repeat(ESCAPED_AT_ONCE);
            assert_eq!(escaped(&long), by_serde(&long), "with {lead} bytes before it");
        }
    }

    #[test]
    fn the_pieces_follow_each_other() {
        let segments = [
            Segment::Literal("{\"a\":\"".into()),
            splice(1, SpliceEncoding::Json),
            Segment::Literal("\",\"b\":\"".into()),
            splice(0, SpliceEncoding::Base64),
            Segment::Bytes(b"\"}".to_vec()),
            splice(0, SpliceEncoding::Raw),
        ];
        let body = write_body(&segments, &texts(&["hi", "say \"å\"\n"])).unwrap();
        assert_eq!(body, "{\"a\":\"say \\\"å\\\"\\n\",\"b\":\"aGk=\"}hi".as_bytes());
    }

    #[test]
    fn an_unknown_text_is_named() {
        let error = write_body(&[splice(3, SpliceEncoding::Raw)], &texts(&["one"])).unwrap_err();
        assert_eq!(error, BodyError::UnknownText(3));
    }

    #[test]
    fn the_limit_holds_for_every_encoding_and_to_the_byte() {
        let all = texts(&["\"\"\"\"\"\"\"\"\"\""]);
        let json = [splice(0, SpliceEncoding::Json)];
        assert_eq!(write_body_within(&json, &all, 20).unwrap().len(), 20);
        assert_eq!(write_body_within(&json, &all, 19), Err(BodyError::TooLarge { limit: 19 }));
        let raw = [Segment::Literal("12345".into()), splice(0, SpliceEncoding::Raw)];
        assert_eq!(write_body_within(&raw, &all, 15).unwrap().len(), 15);
        assert_eq!(write_body_within(&raw, &all, 14), Err(BodyError::TooLarge { limit: 14 }));
        let many = vec![splice(0, SpliceEncoding::Base64); 1000];
        assert_eq!(write_body_within(&many, &all, 100), Err(BodyError::TooLarge { limit: 100 }));
    }
}
