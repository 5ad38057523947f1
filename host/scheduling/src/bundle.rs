//! How many requests travel together.

/// The most that a bundle may ever hold.
pub const MAX: u32 = 64;

/// The limit of a bundle: what its first request prefers, or else the operator's cap; never above the cap.
pub fn limit(preferred: Option<u32>, cap: u32) -> u32 {
    let cap = cap.clamp(1, MAX);
    preferred.filter(|n| (1..=MAX).contains(n)).unwrap_or(cap).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_cap_is_honoured_at_64_and_not_at_10() {
        assert_eq!(limit(None, 64), 64);
        assert_eq!(limit(Some(64), 64), 64);
        assert_eq!(limit(Some(45), 64), 45);
        assert_eq!(limit(Some(45), 8), 8);
        assert_eq!(limit(Some(0), 8), 8, "an invalid hint is no hint");
        assert_eq!(limit(Some(65), 64), 64);
    }

    proptest! {
        #[test]
        fn always_from_1_to_64(preferred: Option<u32>, cap: u32) {
            let n = limit(preferred, cap);
            prop_assert!((1..=MAX).contains(&n) && n <= cap.max(1));
        }
    }
}
