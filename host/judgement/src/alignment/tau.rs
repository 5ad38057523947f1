//! Kendall's rank correlation.

/// Kendall's tau-a (1938) of two series: concordant less discordant pairs over all pairs. A pair that is tied in either
/// series counts as neither, but stays among all pairs. 0 for fewer than two; what one series has beyond the other is
/// left out.
pub fn kendall_tau(one: &[f64], other: &[f64]) -> f64 {
    let n = one.len().min(other.len());
    if n < 2 {
        return 0.0;
    }
    let mut balance = 0i64;
    for at in 0..n {
        for before in 0..at {
            let side = |values: &[f64]| match values[at].partial_cmp(&values[before]) {
                Some(std::cmp::Ordering::Greater) => 1,
                Some(std::cmp::Ordering::Less) => -1,
                _ => 0,
            };
            balance += side(one) * side(other);
        }
    }
    balance as f64 / (n * (n - 1) / 2) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_reverse_and_half() {
        let up = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(kendall_tau(&up, &up), 1.0);
        assert_eq!(kendall_tau(&up, &[4.0, 3.0, 2.0, 1.0]), -1.0);
        assert_eq!(kendall_tau(&up, &[2.0, 1.0, 4.0, 3.0]), 2.0 / 6.0);
        assert_eq!(kendall_tau(&up, &[5.0; 4]), 0.0);
    }

    #[test]
    fn a_tie_counts_for_nothing_but_is_a_pair() {
        assert_eq!(kendall_tau(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0]), 2.0 / 3.0);
    }

    #[test]
    fn fewer_than_two_have_no_order() {
        assert_eq!(kendall_tau(&[], &[]), 0.0);
        assert_eq!(kendall_tau(&[1.0], &[1.0]), 0.0);
    }
}
