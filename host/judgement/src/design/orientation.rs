//! Which item of a pair is shown first: so that each item stands first as often as second.

/// How often a pair has been shown each way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// In the order `x`, `y`.
    pub kept: u32,
    /// In the order `y`, `x`.
    pub swapped: u32,
}

impl Seen {
    /// How often the pair has been shown.
    pub const fn sum(self) -> u32 {
        self.kept + self.swapped
    }
}

/// True if `x` goes first, where an item's *skew* is how often it was first minus how often it was second.
///
/// A pair that was seen one way round only is turned round. Otherwise the item with the smaller skew goes first, so that
/// the sum of absolute skews gets smallest; where that makes no difference, `coin` decides (true: `x` first).
pub fn fair_complement(skew_x: i64, skew_y: i64, seen: Seen, coin: impl FnOnce() -> bool) -> bool {
    match (seen.kept, seen.swapped) {
        (1.., 0) => return false,
        (0, 1..) => return true,
        _ => {}
    }
    if skew_x > 0 && skew_y < 0 {
        return false;
    }
    if skew_x < 0 && skew_y > 0 {
        return true;
    }
    let x_first = (skew_x + 1).abs() + (skew_y - 1).abs();
    let y_first = (skew_x - 1).abs() + (skew_y + 1).abs();
    match x_first.cmp(&y_first) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Equal => coin(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Seen = Seen { kept: 0, swapped: 0 };

    fn decided(x: i64, y: i64, seen: Seen) -> bool {
        let heads = fair_complement(x, y, seen, || true);
        assert_eq!(heads, fair_complement(x, y, seen, || false), "the coin must not matter");
        heads
    }

    #[test]
    fn the_item_that_lacks_first_places_gets_one() {
        // Shown first 0 times and second 3 times, against 2 and 1.
        assert!(decided(-3, 1, NEW));
        assert!(!decided(1, -3, NEW));
        assert!(decided(-2, 0, NEW));
        assert!(!decided(2, 0, NEW));
        assert!(!decided(0, -1, NEW));
    }

    #[test]
    fn equal_skews_are_left_to_the_coin() {
        for skew in [-2, 0, 3] {
            assert!(fair_complement(skew, skew, NEW, || true));
            assert!(!fair_complement(skew, skew, NEW, || false));
        }
    }

    #[test]
    fn a_pair_seen_one_way_round_is_turned() {
        assert!(!decided(-5, 5, Seen { kept: 1, swapped: 0 }));
        assert!(decided(5, -5, Seen { kept: 0, swapped: 2 }));
        assert!(decided(-5, 5, Seen { kept: 1, swapped: 1 }));
    }
}
