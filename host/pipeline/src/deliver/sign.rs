//! The headers of a Standard Webhook.

use docket_types::Timestamp;
use docket_types::exchange::Header;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

/// The shortest key that the standard allows is 24 bytes: 32 characters of base64.
const MIN_SECRET: usize = 32;

/// Why a signing secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretError {
    /// It is not base64.
    #[error("the signing secret is not `whsec_` and base64")]
    Form,
    /// It is too short.
    #[error("the signing secret has fewer than 24 bytes")]
    Short,
}

/// Signs deliveries.
pub(crate) struct Signer(Webhook);

impl Signer {
    /// `secret`: `whsec_` and the base64 of at least 24 bytes.
    pub(crate) fn new(secret: &str) -> Result<Self, SecretError> {
        let key = secret.strip_prefix("whsec_").ok_or(SecretError::Form)?;
        let webhook = Webhook::new(key).map_err(|_| SecretError::Form)?;
        if key.len() < MIN_SECRET { Err(SecretError::Short) } else { Ok(Self(webhook)) }
    }

    /// The headers of one try. The id is the delivery's and stays; time and signature are the try's.
    pub(crate) fn headers(
        &self,
        id: &str,
        now: Timestamp,
        body: &[u8],
    ) -> Result<Vec<Header>, standardwebhooks::WebhookError> {
        let seconds = now.as_millis().div_euclid(1000);
        let signature = self.0.sign(id, seconds, body)?;
        let header = |name: &str, value: String| Header { name: name.to_owned(), value };
        Ok(vec![
            header("content-type", "application/json".into()),
            header(HEADER_WEBHOOK_ID, id.to_owned()),
            header(HEADER_WEBHOOK_TIMESTAMP, seconds.to_string()),
            header(HEADER_WEBHOOK_SIGNATURE, signature),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_do_not_protect_are_refused() {
        assert_eq!(Signer::new("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").err(), Some(SecretError::Form));
        assert_eq!(Signer::new("whsec_***").err(), Some(SecretError::Form));
        assert_eq!(Signer::new("whsec_c2hvcnQ=").err(), Some(SecretError::Short));
        assert!(Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_ok());
    }

    #[test]
    fn the_signature_is_the_standards_own_example() {
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let now = Timestamp::from_millis(1_614_265_330_999);
        let headers =
            signer.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", now, br#"{"test": 2432232314}"#).unwrap();
        let value = |name: &str| headers.iter().find(|h| h.name == name).map(|h| h.value.clone()).unwrap();
        assert_eq!(value("webhook-timestamp"), "1614265330");
        assert_eq!(value("webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(value("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
