//! The diagonal of the inverse of a graph's Laplacian plus a diagonal, by the cavity recursion: exact on trees, and on
//! sparse random graphs to a fraction of a percent (Bethe 1935; Rogers et al. 2008 for matrices).

use super::system::System;

/// Messages that change by less than this share no longer matter.
const SETTLED: f32 = 1e-4;
const MAX_SWEEPS: u32 = 50;
/// What is left of a diagonal is at least this share of it.
const LEAST: f32 = 1e-3;

/// The variance of each of the first `items` unknowns. Parallel edges are merged first.
pub(crate) fn variances(system: &System, items: usize) -> Vec<f64> {
    let (ends, edges) = merged(system, items);
    let diagonal = system.diagonal();
    // Each item's diagonal and what it loses to its neighbours, and for each edge what each end tells the other.
    let mut nodes: Vec<[f32; 2]> = diagonal[..items].iter().map(|&d| [d as f32, 0.0]).collect();
    let mut told: Vec<[f32; 2]> = vec![[0.0; 2]; edges.len()];
    for _ in 0..MAX_SWEEPS {
        let (mut moved, mut start) = (0.0_f32, 0);
        for (item, &end) in ends.iter().enumerate() {
            let [own, mut lost] = nodes[item];
            for (&(other, weight), told) in edges[start..end].iter().zip(&mut told[start..end]) {
                let square = weight * weight;
                let node = &mut nodes[other as usize];
                // Towards the item comes the other without it, and the other way round.
                let from_other = 1.0 / (node[0] - node[1] + square * told[1]).max(LEAST * node[0]);
                let from_item = 1.0 / (own - lost + square * told[0]).max(LEAST * own);
                lost += square * (from_other - told[0]);
                node[1] += square * (from_item - told[1]);
                let changed = ((told[0] - from_other).abs() * node[0], (told[1] - from_item).abs() * own);
                moved = moved.max(changed.0).max(changed.1);
                *told = [from_other, from_item];
            }
            nodes[item][1] = lost;
            start = end;
        }
        if moved < SETTLED {
            break;
        }
    }
    // Sums in one go, without what single precision lost on the way.
    let mut lost = vec![0.0_f64; items];
    let mut start = 0;
    for (item, &end) in ends.iter().enumerate() {
        for (&(other, weight), told) in edges[start..end].iter().zip(&told[start..end]) {
            lost[item] += f64::from(weight * weight * told[0]);
            lost[other as usize] += f64::from(weight * weight * told[1]);
        }
        start = end;
    }
    let least = f64::from(LEAST);
    (0..items).map(|i| 1.0 / (diagonal[i] - lost[i]).max(least * diagonal[i])).collect()
}

/// One edge per pair of items, by the smaller item, whose edges end at the place given for it: the larger items and the
/// weights.
fn merged(system: &System, items: usize) -> (Vec<usize>, Vec<(u32, f32)>) {
    let edges = || {
        let real = system.edges().filter(|&(first, _, weight)| (first as usize) < items && weight > 0.0);
        real.map(|(first, second, weight)| (first.min(second), first.max(second), weight))
    };
    let mut next = vec![0_usize; items + 1];
    edges().for_each(|(first, _, _)| next[first as usize + 1] += 1);
    for item in 0..items {
        next[item + 1] += next[item];
    }
    // The larger item above the bits of the weight, so that whole numbers are sorted.
    let mut sorted = vec![0_u64; next[items]];
    for (first, second, weight) in edges() {
        sorted[next[first as usize]] = u64::from(second) << 32 | u64::from(weight.to_bits());
        next[first as usize] += 1;
    }
    let mut merged: Vec<(u32, f32)> = Vec::with_capacity(sorted.len());
    let mut start = 0;
    for end in next.iter_mut().take(items) {
        let others = &mut sorted[start..*end];
        start = *end;
        others.sort_unstable();
        let begin = merged.len();
        for &entry in others.iter() {
            let (second, weight) = ((entry >> 32) as u32, f32::from_bits(entry as u32));
            match merged[begin..].last_mut() {
                Some(last) if last.0 == second => last.1 += weight,
                _ => merged.push((second, weight)),
            }
        }
        *end = merged.len();
    }
    next.truncate(items);
    (next, merged)
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
        let mut system = System::new(5, 0.3, 5);
        edges.iter().for_each(|&(i, k, w)| system.add(i, k, w));
        let found = variances(&system, 5);
        for (got, want) in found.iter().zip(exact(&edges, 5, 0.3)) {
            assert!((got / want - 1.0).abs() < 1e-3, "{got} {want}");
        }
    }
}
