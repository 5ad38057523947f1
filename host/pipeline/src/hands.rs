//! What this process has in hand: the leases that it renews, and how to stop the work under each.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// Leases by id.
pub(crate) struct Hands<K: Eq + Hash + Copy> {
    held: Mutex<HashMap<K, (i64, CancellationToken)>>,
}

impl<K: Eq + Hash + Copy> Default for Hands<K> {
    fn default() -> Self {
        Self { held: Mutex::new(HashMap::new()) }
    }
}

/// Keeps one lease alive until it is dropped. A task that dies drops it, and the lease runs out.
pub(crate) struct Hold<K: Eq + Hash + Copy> {
    hands: Arc<Hands<K>>,
    id: K,
    epoch: i64,
    /// Cancelled when the lease is lost or the caller gave up.
    pub(crate) stop: CancellationToken,
}

impl<K: Eq + Hash + Copy> Hands<K> {
    fn map<T>(&self, f: impl FnOnce(&mut HashMap<K, (i64, CancellationToken)>) -> T) -> T {
        f(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a lease into hand.
    pub(crate) fn hold(self: &Arc<Self>, id: K, epoch: i64, parent: &CancellationToken) -> Hold<K> {
        let stop = parent.child_token();
        self.map(|held| held.insert(id, (epoch, stop.clone())));
        Hold { hands: Arc::clone(self), id, epoch, stop }
    }

    /// All leases in hand.
    pub(crate) fn leases(&self) -> Vec<(K, i64)> {
        self.map(|held| held.iter().map(|(id, (epoch, _))| (*id, *epoch)).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.map(|held| held.len())
    }

    /// Stops the work under this lease, if it is in hand and not newer than `epoch`.
    pub(crate) fn stop(&self, id: K, epoch: i64) -> bool {
        self.map(|held| match held.get(&id) {
            Some((held, stop)) if *held <= epoch => {
                stop.cancel();
                true
            }
            _ => false,
        })
    }

    /// Stops everything: the leases cannot be renewed, so others may have them.
    pub(crate) fn stop_all(&self) -> usize {
        self.map(|held| {
            held.values().for_each(|(_, stop)| stop.cancel());
            held.len()
        })
    }
}

impl<K: Eq + Hash + Copy> Drop for Hold<K> {
    fn drop(&mut self) {
        self.hands.map(|held| {
            // A newer lease on the same request may be in hand by now.
            if held.get(&self.id).is_some_and(|(epoch, _)| *epoch == self.epoch) {
                held.remove(&self.id);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_ends_with_its_owner_and_never_a_newer_one() {
        let (hands, parent) = (Arc::new(Hands::default()), CancellationToken::new());
        let old = hands.hold(1, 1, &parent);
        let new = hands.hold(1, 2, &parent);
        drop(old);
        assert_eq!(hands.leases(), [(1, 2)]);
        assert!(!hands.stop(1, 1), "a newer lease is not stopped by an old loss");
        assert!(!new.stop.is_cancelled());
        assert!(hands.stop(1, 2) && new.stop.is_cancelled());
        drop(new);
        assert_eq!(hands.len(), 0);
    }
}
