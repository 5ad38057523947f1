//! Spreading moments, so that what failed together does not come back together.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// A share of `most`, from nothing up to `most`, that only depends on `seed` and `round`.
pub fn up_to(most: Duration, seed: u64, round: u32) -> Duration {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (u64::from(round) << 32));
    // 53 bits are what a double holds exactly.
    let share = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    Duration::from_micros((most.as_micros().min(u128::from(u64::MAX)) as f64 * share) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_stable_bounded_and_spread() {
        let most = Duration::from_secs(8);
        let shares: Vec<_> = (0..1000).map(|seed| up_to(most, seed, 1)).collect();
        assert_eq!(shares[7], up_to(most, 7, 1));
        assert_ne!(shares[7], up_to(most, 7, 2));
        assert!(shares.iter().all(|s| *s <= most));
        let mean = shares.iter().sum::<Duration>() / 1000;
        assert!((Duration::from_millis(3700)..Duration::from_millis(4300)).contains(&mean), "{mean:?}");
    }
}
