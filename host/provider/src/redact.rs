//! Taking credentials out of what comes back, before an adapter or a log can see them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

/// What stands in place of a credential.
pub(crate) const MARK: &[u8] = b"[redacted]";

/// Finds the credentials of one target in every form in which a reply may repeat them: as they are, in
/// base64, and percent-encoded.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a form is not cut by a shorter one inside it.
    forms: Vec<Finder<'static>>,
}

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms: Vec<Vec<u8>> =
            secrets.into_iter().flat_map(forms_of).filter(|f| !f.is_empty()).collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms: forms.iter().map(|form| Finder::new(form).into_owned()).collect() }
    }

    /// The bytes without credentials. Costs one scan for each form and no copy when there is none.
    pub(crate) fn bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for form in &self.forms {
            if form.find(&bytes).is_none() {
                continue;
            }
            let mut clean = Vec::with_capacity(bytes.len());
            let mut from = 0;
            for at in form.find_iter(&bytes) {
                clean.extend_from_slice(&bytes[from..at]);
                clean.extend_from_slice(MARK);
                from = at + form.needle().len();
            }
            clean.extend_from_slice(&bytes[from..]);
            bytes = clean;
        }
        bytes
    }

    /// The text without credentials; invalid UTF-8 is replaced.
    pub(crate) fn text(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&self.bytes(bytes.to_vec())).into_owned()
    }
}

/// Never shows a credential.
impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} forms)", self.forms.len())
    }
}

fn forms_of(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let upper = percent(bytes, b"0123456789ABCDEF");
    let lower = percent(bytes, b"0123456789abcdef");
    let mut escaped = Vec::new();
    crate::body::escape_json(secret, &mut escaped);
    vec![
        bytes.to_vec(),
        STANDARD.encode(bytes).into_bytes(),
        STANDARD_NO_PAD.encode(bytes).into_bytes(),
        URL_SAFE.encode(bytes).into_bytes(),
        URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
        upper,
        lower,
        escaped,
    ]
}

fn percent(bytes: &[u8], hex: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', hex[usize::from(byte >> 4)], hex[usize::from(byte & 15)]]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_taken_out_everywhere() {
        let secret = "sk+test/12=\"3";
        let redactor = Redactor::new([secret]);
        for form in [
            secret.to_owned(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            "sk%2Btest%2F12%3D%223".to_owned(),
            "sk%2btest%2f12%3d%223".to_owned(),
            "sk+test/12=\\\"3".to_owned(),
        ] {
            let reply = format!("{{\"a\":\"{form}\",\"b\":\"{form}{form}\"}}");
            let clean = redactor.text(reply.as_bytes());
            assert_eq!(clean, r#"{"a":"[redacted]","b":"[redacted][redacted]"}"#, "{form}");
        }
    }

    #[test]
    fn a_secret_inside_another_does_not_leave_a_rest() {
        let redactor = Redactor::new(["abcd", "abcdefgh"]);
        assert_eq!(redactor.text(b"x abcdefgh y abcd"), "x [redacted] y [redacted]");
    }

    #[test]
    fn other_bytes_stay_as_they_are() {
        let redactor = Redactor::new(["secret-key"]);
        let bytes = vec![0, 159, 146, 150, b'k'];
        assert_eq!(redactor.bytes(bytes.clone()), bytes);
        assert!(!format!("{redactor:?}").contains("secret"));
    }
}
