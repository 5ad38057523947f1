//! Agreement of two gradings.

use super::GradeError;

/// Quadratic-weighted kappa (Cohen, 1968) of two gradings of the same items: 1 is agreement everywhere, 0 is what
/// chance gives with these marginals. A disagreement weighs the square of its distance.
///
/// # Errors
/// [`GradeError::Agreement`] when the lengths differ, there is no item, or both gradings are one and the same single
/// grade (then nothing is left to explain).
pub fn quadratic_weighted_kappa(one: &[usize], other: &[usize]) -> Result<f64, GradeError> {
    if one.len() != other.len() || one.is_empty() {
        return Err(GradeError::Agreement);
    }
    let n = one.len() as f64;
    let squares = |a: f64, b: f64| (a - b) * (a - b);
    let seen = one.iter().zip(other).map(|(&a, &b)| squares(a as f64, b as f64)).sum::<f64>() / n;
    // The mean squared distance of independent draws is the sum of the variances and the squared gap of the means.
    let (mean_one, spread_one) = moments(one);
    let (mean_other, spread_other) = moments(other);
    let by_chance = spread_one + spread_other + squares(mean_one, mean_other);
    if by_chance > 0.0 { Ok(1.0 - seen / by_chance) } else { Err(GradeError::Agreement) }
}

fn moments(grades: &[usize]) -> (f64, f64) {
    let n = grades.len() as f64;
    let mean = grades.iter().map(|&grade| grade as f64).sum::<f64>() / n;
    (mean, grades.iter().map(|&grade| (grade as f64 - mean) * (grade as f64 - mean)).sum::<f64>() / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(quadratic_weighted_kappa(&[0, 1, 2], &[0, 1, 2]), Ok(1.0));
        // Two categories: Cohen's unweighted kappa, (3/4 - 1/2) / (1 - 1/2).
        assert!((quadratic_weighted_kappa(&[0, 0, 1, 1], &[0, 1, 1, 1]).unwrap() - 0.5).abs() < 1e-12);
        // By hand: squared distances 4, 1, 0, 4, 0; variances 2 and 0.96; means 2 and 2.2.
        let kappa = quadratic_weighted_kappa(&[0, 1, 2, 3, 4], &[2, 2, 2, 1, 4]).unwrap();
        let (seen, by_chance) = ((4.0 + 1.0 + 0.0 + 4.0 + 0.0) / 5.0, 2.0 + 0.96 + 0.04);
        assert!((kappa - (1.0 - seen / by_chance)).abs() < 1e-12);
        assert!(quadratic_weighted_kappa(&[0, 2], &[2, 0]).unwrap() < 0.0);
    }

    #[test]
    fn what_cannot_be_compared_is_an_error() {
        for (one, other) in [(&[][..], &[][..]), (&[1][..], &[1, 2][..]), (&[1, 1][..], &[1, 1][..])] {
            assert_eq!(quadratic_weighted_kappa(one, other), Err(GradeError::Agreement));
        }
    }
}
