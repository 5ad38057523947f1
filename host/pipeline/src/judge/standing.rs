//! Where an assessment stands: the session, what it read of its topic, and what its answers cost.

use super::event::Told;
use docket_judgement::session::{Applied, Session, Status};
use docket_types::assessment::ModelUse;
use docket_types::{AssessmentId, MicroUsd};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// What is stored of a running assessment beside its spec and its comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) session: Session,
    /// The last event of the topic that was applied.
    pub(crate) cursor: i64,
    /// How many decisions were logged.
    pub(crate) decisions: u32,
    /// Its caller gave it up.
    pub(crate) cancelled: bool,
    /// What answers cost, by model.
    pub(crate) usage: Vec<ModelUse>,
}

impl Standing {
    pub(crate) const fn new(session: Session) -> Self {
        Self { session, cursor: 0, decisions: 0, cancelled: false, usage: Vec::new() }
    }

    /// Adds what an answer cost. An attempt that failed may have cost something as well.
    pub(crate) fn spent(&mut self, told: &Told) {
        let known = |one: &&mut ModelUse| one.provider == told.provider && one.model == told.model;
        let one = match self.usage.iter_mut().find(known) {
            Some(one) => one,
            None => {
                self.usage.push(ModelUse {
                    provider: told.provider.clone(),
                    model: told.model.clone(),
                    answers: 0,
                    prompt_tokens: 0,
                    completion_tokens: 0,
                    cost: MicroUsd(0),
                });
                let last = self.usage.len() - 1;
                &mut self.usage[last]
            }
        };
        one.answers += 1;
        one.prompt_tokens += told.prompt_tokens;
        one.completion_tokens += told.completion_tokens;
        one.cost = MicroUsd(one.cost.0.saturating_add(told.cost.0));
    }

    /// Applies an outcome to the comparison that it is about.
    pub(crate) fn apply(&mut self, number: u32, attempt: u32, told: &Told) -> Applied {
        match &told.error_code {
            Some(code) => self.session.failed(number, attempt, code),
            None => {
                let judge = format!("{}/{}", told.provider, told.model);
                self.session.answered(number, attempt, told.first_wins, told.confidence, &judge)
            }
        }
    }
}

/// The correlation id of an attempt: a function of what it is about, so that asking again asks for the same.
pub(crate) fn correlation(id: AssessmentId, number: u32, attempt: u32) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(format!("docket-comparison/1\0{id}\0{number}\0{attempt}")).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The attempts that are waited for, by correlation id.
pub(crate) fn waited_for(id: AssessmentId, session: &Session) -> HashMap<Uuid, (u32, u32)> {
    let pending = (0_u32..).zip(&session.asked).filter(|(_, asked)| asked.status == Status::Pending);
    pending.map(|(number, asked)| (correlation(id, number, asked.attempt), (number, asked.attempt))).collect()
}
