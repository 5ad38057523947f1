//! Numbers that look random and are the same everywhere: SplitMix64.
//!
//! The algorithm is fixed, because outcomes of mock providers depend on it. From the state, a 64-bit number:
//! `state += 0x9E3779B97F4A7C15; z = state; z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
//! z = (z ^ z >> 27) * 0x94D049BB133111EB; z ^ z >> 31`, all modulo 2^64. From the seed 0 it gives
//! `E220A8397B1DCDAF`, `6E789E6AA1B965F4`, `06C45D188009454F`.

/// A generator of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator that depends on this one's state and on `label`, and not on what is drawn from either later.
    pub const fn branch(&self, label: u64) -> Self {
        let mut labelled = Self { state: self.state ^ label.wrapping_mul(0xD6E8_FEB8_6659_FD93) };
        let state = labelled.next();
        Self { state }
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to, not including, 1, in steps of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to, not including, `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_documented_numbers() {
        let mut random = Random::new(0);
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(first, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]);
    }

    #[test]
    fn branches_do_not_depend_on_draws() {
        let mut one = Random::new(7);
        let early = one.branch(3);
        assert_eq!(early, Random::new(7).branch(3));
        assert_ne!(early, Random::new(7).branch(4));
        assert_ne!(early, Random::new(8).branch(3));
        one.next();
        assert_ne!(one.branch(3), early, "a branch of a later state is another one");
    }

    #[test]
    fn ranges_hold() {
        let mut random = Random::new(1);
        let mut hits = 0;
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&random.unit()));
            assert!(random.below(7) < 7);
            hits += u32::from(random.chance(0.25));
        }
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert_eq!(random.below(0), 0);
        assert!(!random.chance(0.0));
        assert!(random.chance(1.0));
    }
}
