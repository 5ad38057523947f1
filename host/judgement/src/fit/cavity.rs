//! The diagonal of the inverse of a graph's Laplacian plus a diagonal, by the cavity recursion: exact on trees, and on
//! sparse random graphs to a fraction of a percent (Bethe 1935; Rogers et al. 2008 for matrices).

use super::system::System;

/// Messages that change by less than this share no longer matter.
const SETTLED: f32 = 1e-4;
const MAX_SWEEPS: u32 = 50;

/// The variance of each of the first `items` unknowns. Parallel edges are merged first.
pub(crate) fn variances(system: &System, items: usize) -> Vec<f64> {
    let edges = merged(system, items);
    let diagonal = system.diagonal();
    // What an item loses to its neighbours, and for each edge what each end tells the other.
    let mut lost: Vec<f32> = vec![0.0; items];
    let mut told: Vec<[f32; 2]> = vec![[0.0; 2]; edges.len()];
    for _ in 0..MAX_SWEEPS {
        let mut moved = 0.0_f32;
        for (&(first, second, weight), told) in edges.iter().zip(&mut told) {
            let (i, k) = (first as usize, second as usize);
            let square = weight * weight;
            // Towards the second comes the first without the second, and the other way round.
            let left = |item: usize, own: f32, lost: f32| {
                let diagonal = diagonal[item] as f32;
                (diagonal - lost + square * own).max(1e-3 * diagonal)
            };
            let new = [1.0 / left(k, told[1], lost[k]), 1.0 / left(i, told[0], lost[i])];
            lost[i] += square * (new[0] - told[0]);
            lost[k] += square * (new[1] - told[1]);
            moved = moved.max((new[0] / told[0] - 1.0).abs()).max((new[1] / told[1] - 1.0).abs());
            *told = new;
        }
        if moved < SETTLED {
            break;
        }
    }
    // Sums in one go, without what single precision lost on the way.
    let mut lost = vec![0.0_f64; items];
    for (&(first, second, weight), told) in edges.iter().zip(&told) {
        lost[first as usize] += f64::from(weight * weight * told[0]);
        lost[second as usize] += f64::from(weight * weight * told[1]);
    }
    (0..items).map(|i| 1.0 / (diagonal[i] - lost[i]).max(1e-3 * diagonal[i])).collect()
}

/// One edge per pair of items, in the order of pairs.
fn merged(system: &System, items: usize) -> Vec<(u32, u32, f32)> {
    let mut edges: Vec<(u32, u32, f32)> = system
        .edges()
        .filter(|&(first, _, weight)| (first as usize) < items && weight > 0.0)
        .map(|(first, second, weight)| (first.min(second), first.max(second), weight))
        .collect();
    edges.sort_by_key(|&(first, second, _)| (first, second));
    edges.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 += next.2;
        }
        same
    });
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::inverse::inverse;
    use nalgebra::DMatrix;

    fn exact(edges: &[(u32, u32, f64)], n: usize, level: f64) -> Vec<f64> {
        let mut matrix = DMatrix::identity(n, n) * level;
        for &(i, k, w) in edges {
            let (i, k) = (i as usize, k as usize);
            matrix[(i, i)] += w;
            matrix[(k, k)] += w;
            matrix[(i, k)] -= w;
            matrix[(k, i)] -= w;
        }
        inverse(matrix).unwrap().diagonal().iter().copied().collect()
    }

    #[test]
    fn trees_are_exact_and_parallel_edges_are_one() {
        let edges = [(0, 1, 0.4), (1, 2, 0.2), (1, 3, 0.25), (3, 1, 0.25), (3, 4, 0.1)];
        let mut system = System::new(5, 0.3);
        edges.iter().for_each(|&(i, k, w)| system.add(i, k, w));
        let found = variances(&system, 5);
        for (got, want) in found.iter().zip(exact(&edges, 5, 0.3)) {
            assert!((got / want - 1.0).abs() < 1e-3, "{got} {want}");
        }
    }
}
