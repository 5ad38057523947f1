//! Places where a test can make the process die at once, as a power cut would. Debug builds only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Every place, by name. `before_commit` is after the last write of the transaction, `after_commit` before any
/// caller is answered.
pub const POINTS: &[&str] = &[
    "accept.before_commit",
    "accept.after_commit",
    "claim.before_commit",
    "claim.after_commit",
    "renew.before_commit",
    "renew.after_commit",
    "settle.before_commit",
    "settle.after_commit",
    "take.before_commit",
    "take.after_commit",
    "expire.before_commit",
    "expire.after_commit",
    "wake.before_commit",
    "wake.after_commit",
    "plan.before_commit",
    "plan.after_commit",
    "job.before_commit",
    "job.after_commit",
    "step.before_commit",
    "step.after_commit",
    "finish.before_commit",
    "finish.after_commit",
    "outbox.claim.before_commit",
    "outbox.claim.after_commit",
    "outbox.delivered.before_commit",
    "outbox.delivered.after_commit",
    "outbox.undelivered.before_commit",
    "outbox.undelivered.after_commit",
    "outbox.postpone.before_commit",
    "outbox.postpone.after_commit",
    "outbox.redeliver.before_commit",
    "outbox.redeliver.after_commit",
    "prune.before_commit",
    "prune.after_commit",
    "assessment.create.before_commit",
    "assessment.create.after_commit",
    "assessment.claim.before_commit",
    "assessment.claim.after_commit",
    "assessment.renew.before_commit",
    "assessment.renew.after_commit",
    "assessment.step.before_commit",
    "assessment.step.after_commit",
    "assessment.tell.before_commit",
    "assessment.tell.after_commit",
    "resource.put.before_commit",
    "resource.put.after_commit",
    "resource.delete.before_commit",
    "resource.delete.after_commit",
];

static ARMED: AtomicBool = AtomicBool::new(false);
static TARGET: Mutex<Option<(String, u32)>> = Mutex::new(None);

/// The process dies when it passes the place `name` for the `nth` time from now; 1 is the next time.
pub fn arm(name: &str, nth: u32) {
    *TARGET.lock().unwrap_or_else(PoisonError::into_inner) = Some((name.to_owned(), nth.max(1)));
    ARMED.store(true, Ordering::SeqCst);
}

/// Passes the place `name`.
pub fn hit(name: &str) {
    if !ARMED.load(Ordering::Relaxed) {
        return;
    }
    let mut target = TARGET.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((armed, left)) = target.as_mut() else { return };
    if armed != name {
        return;
    }
    *left -= 1;
    if *left == 0 {
        die();
    }
}

/// SIGKILL: no destructor, no flush, no exit handler.
fn die() -> ! {
    let killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // Not reached unless the kernel refused.
    tracing::error!(?killed, "the process could not kill itself");
    std::process::abort()
}
