//! The clock that ends steps: a thread that advances the engine's epoch.

use crate::Error;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the epoch advances, and so how exactly a deadline is kept.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// Ticks after which `time` has certainly passed: the current tick is already running.
pub(crate) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX - 1) + 1
}

/// Ticks until it is dropped. It holds the engine weakly, so it never keeps one alive.
pub(crate) struct Ticker {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(engine: &wasmtime::Engine) -> Result<Self, Error> {
        let engine = engine.weak();
        let (stop, stopped) = sync_channel::<()>(0);
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => break,
                }
            }
        };
        let name = "adapter-epoch";
        let thread = std::thread::Builder::new().name(name.into()).spawn(tick);
        let thread = thread.map_err(|source| Error::Thread { name, source })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the ticker has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_early() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(TICK), 2);
        assert_eq!(ticks(TICK * 3 + Duration::from_millis(1)), 5);
    }
}
