//! Does the host fit the scenario? If not, the suite fails and says which of the two has to change.

use super::scenario::HostNeeds;
use crate::client::{Client, MockMode};
use crate::exit::{Exit, Failure};

/// Asks the host what it mocks and how its queue works.
pub(crate) async fn check(client: &Client, needs: &HostNeeds) -> Result<(), Failure> {
    let have = client.mock_mode().await?;
    let wrong = mismatches(&have, needs);
    if wrong.is_empty() {
        return Ok(());
    }
    let text = format!("the host at {} does not fit: {}", client.base(), wrong.join("; "));
    Err(Failure::new(Exit::Environment, text))
}

fn mismatches(have: &MockMode, needs: &HostNeeds) -> Vec<String> {
    let mut wrong = Vec::new();
    if !have.use_mock_llm {
        wrong.push("it serves real providers, the suite needs mocks (use_mock_llm)".to_owned());
    }
    let mode = have.mock_mode.as_deref().unwrap_or("default");
    if mode != needs.mock_mode {
        wrong.push(format!("its mock mode is `{mode}`, the suite needs `{}`", needs.mock_mode));
    }
    let queue = needs.queue_mode.as_str();
    match have.queue_processing_mode.as_deref() {
        Some(have) if have == queue => {}
        Some(have) => wrong.push(format!("its queue mode is `{have}`, the suite needs `{queue}`")),
        None => wrong.push(format!("it does not say its queue mode, the suite needs `{queue}`")),
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::scenario::Library;

    #[test]
    fn every_mismatch_is_named() {
        let needs = Library::new(None).scenario("eng5-anchor").unwrap().host;
        let fits = MockMode {
            use_mock_llm: true,
            mock_mode: Some("eng5_anchor_gpt51_low".to_owned()),
            queue_processing_mode: Some("serial_bundle".to_owned()),
        };
        assert_eq!(mismatches(&fits, &needs), Vec::<String>::new());
        let wrong = MockMode {
            use_mock_llm: false,
            mock_mode: None,
            queue_processing_mode: Some("batch_api".to_owned()),
        };
        let found = mismatches(&wrong, &needs);
        assert_eq!(found.len(), 3);
        assert!(found[1].contains("`default`") && found[1].contains("`eng5_anchor_gpt51_low`"));
        let silent = MockMode { queue_processing_mode: None, ..fits };
        assert_eq!(mismatches(&silent, &needs).len(), 1);
    }
}
