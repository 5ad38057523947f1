//! A text of the request, by reference, and how a reference finds its way into a body.
//!
//! A [`Text`] prints and serialises as a *marker*, a string that no provider's API and no prompt template
//! contains: two private-use characters around `docket:` and the text's index. So it passes through `format!` and
//! `serde_json` like any string, and [`Body`](crate::Body) then cuts the written body at the markers into
//! literals and splices. The host writes the text in place of the splice.

use crate::{Segment, Splice, SpliceEncoding};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt::{self, Write as _};

const OPEN: char = '\u{E0D1}';
const CLOSE: char = '\u{E0D2}';
const NAME: &str = "docket:";

/// A text that stays in the host: what is known of it is its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Text {
    /// Which text of the request.
    #[serde(rename = "$text")]
    pub index: u32,
    /// Its length in UTF-8 bytes.
    pub bytes: u64,
    /// Its whitespace-separated words.
    pub words: u64,
}

impl Text {
    /// The text as standard base64 with padding, in a body of any kind.
    pub fn base64(self) -> Encoded {
        Encoded { index: self.index, mark: 'b' }
    }

    /// The text as it is, even inside a JSON body. The surrounding literals must then make valid JSON of it.
    pub fn raw(self) -> Encoded {
        Encoded { index: self.index, mark: 'r' }
    }

    /// The text itself, or none if the host does not know it. Counts against the step's limits.
    #[cfg(feature = "content")]
    pub fn read(self) -> Option<String> {
        crate::bindings::reader::docket::provider::content::text(self.index)
    }
}

/// A text with an encoding of its own; made by [`Text::base64`] and [`Text::raw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded {
    index: u32,
    mark: char,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{NAME}{}{CLOSE}", self.index)
    }
}

impl fmt::Display for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{NAME}{}{}{CLOSE}", self.index, self.mark)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The markers of `texts` with `separator` between them.
pub(crate) fn join<'a>(texts: impl Iterator<Item = &'a Text>, separator: &str) -> String {
    let mut joined = String::new();
    for (n, text) in texts.enumerate() {
        if n > 0 {
            joined.push_str(separator);
        }
        // Writing to a string cannot fail.
        let _ = write!(joined, "{text}");
    }
    joined
}

/// Cuts `written` at its markers; a marker without an encoding of its own gets `default`.
pub(crate) fn cut(written: String, default: SpliceEncoding) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut literal_from = 0;
    let mut search_from = 0;
    while let Some(at) = written[search_from..].find(OPEN).map(|n| search_from + n) {
        search_from = at + OPEN.len_utf8();
        let Some((splice, len)) = parse(&written[search_from..], default) else { continue };
        if at > literal_from {
            segments.push(Segment::Literal(written[literal_from..at].to_owned()));
        }
        segments.push(Segment::Splice(splice));
        search_from += len;
        literal_from = search_from;
    }
    if literal_from == 0 {
        if !written.is_empty() {
            segments.push(Segment::Literal(written));
        }
    } else if literal_from < written.len() {
        segments.push(Segment::Literal(written[literal_from..].to_owned()));
    }
    segments
}

/// The splice of the marker whose opening character was just read, and the length of the rest of it.
fn parse(rest: &str, default: SpliceEncoding) -> Option<(Splice, usize)> {
    let body = rest.strip_prefix(NAME)?;
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let index = body[..digits].parse().ok()?;
    let (encoding, tail, mark) = match body.as_bytes().get(digits) {
        Some(b'b') => (SpliceEncoding::Base64, &body[digits + 1..], 1),
        Some(b'r') => (SpliceEncoding::Raw, &body[digits + 1..], 1),
        _ => (default, &body[digits..], 0),
    };
    tail.starts_with(CLOSE)
        .then(|| (Splice { index, encoding }, NAME.len() + digits + mark + CLOSE.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Text = Text { index: 12, bytes: 5, words: 1 };

    fn literal(text: &str) -> Segment {
        Segment::Literal(text.to_owned())
    }

    fn splice(encoding: SpliceEncoding) -> Segment {
        Segment::Splice(Splice { index: 12, encoding })
    }

    #[test]
    fn a_text_passes_through_serde_and_format() {
        let body = serde_json::json!({"a": T, "b": format!("{T}\n\"more\""), "c": T.base64(), "d": T.raw()});
        assert_eq!(
            cut(body.to_string(), SpliceEncoding::Json),
            [
                literal(r#"{"a":""#),
                splice(SpliceEncoding::Json),
                literal(r#"","b":""#),
                splice(SpliceEncoding::Json),
                literal(r#"\n\"more\"","c":""#),
                splice(SpliceEncoding::Base64),
                literal(r#"","d":""#),
                splice(SpliceEncoding::Raw),
                literal(r#""}"#),
            ]
        );
    }

    #[test]
    fn adjacent_markers_leave_no_empty_literals() {
        let both = join([T, T].iter(), "");
        assert_eq!(
            cut(both, SpliceEncoding::Raw),
            [splice(SpliceEncoding::Raw), splice(SpliceEncoding::Raw)]
        );
        assert_eq!(cut(String::new(), SpliceEncoding::Raw), []);
    }

    #[test]
    fn what_only_looks_like_a_marker_stays() {
        for text in
            ["\u{E0D1}", "\u{E0D1}docket:", "\u{E0D1}docket:x\u{E0D2}", "\u{E0D1}docket:1x\u{E0D2}", "plain"]
        {
            assert_eq!(cut(text.to_owned(), SpliceEncoding::Json), [literal(text)], "{text}");
            assert_eq!(
                cut(format!("{text}{T}"), SpliceEncoding::Json),
                [literal(text), splice(SpliceEncoding::Json)]
            );
        }
        assert_eq!(
            cut("\u{E0D1}docket:99999999999\u{E0D2}".to_owned(), SpliceEncoding::Json),
            [literal("\u{E0D1}docket:99999999999\u{E0D2}")]
        );
    }

    #[test]
    fn reads_the_reference() {
        let text: Text = serde_json::from_str(r#"{"$text":12,"bytes":5,"words":1}"#).unwrap();
        assert_eq!(text, T);
    }
}
