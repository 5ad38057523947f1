//! When leases are renewed and when a worker must stop believing in its own.

use std::time::Duration;

/// How often a lease of this length is renewed: three times, so that two renewals may fail.
pub fn renew_every(lease: Duration) -> Duration {
    (lease / 3).max(Duration::from_millis(10))
}

/// How long after its last renewal a worker may still act on a lease. Earlier than the lease's end: the
/// store's clock may be ahead, and what is under way needs time to stop.
pub fn trust_for(lease: Duration) -> Duration {
    lease.mul_f64(0.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_renewals_may_fail_before_trust_ends() {
        let lease = Duration::from_secs(30);
        assert_eq!(renew_every(lease), Duration::from_secs(10));
        assert!(renew_every(lease) * 2 < trust_for(lease) && trust_for(lease) < lease);
        assert!(renew_every(Duration::ZERO) > Duration::ZERO, "never a busy loop");
    }
}
