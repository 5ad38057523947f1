//! Matchings: which items meet which, each at most once.
//!
//! [`maximum_weight`] is exact and takes `O(n^3)`; [`greedy`] is for many items.

mod blossom;
mod greedy;
mod phase;

pub use blossom::maximum_weight;
pub use greedy::greedy;

/// A pair that a matching may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// One item, an index below the number of items.
    pub a: u32,
    /// Another item.
    pub b: u32,
    /// How much the pair is worth; any finite number. A pair with a number that is not finite is left out.
    pub weight: f64,
}

/// The edges that can be used: two different items that exist, and a finite weight.
fn usable(items: usize, edges: &[Edge]) -> impl Iterator<Item = (usize, &Edge)> {
    edges.iter().enumerate().filter(move |(_, edge)| {
        edge.a != edge.b && (edge.a as usize) < items && (edge.b as usize) < items && edge.weight.is_finite()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The best (cardinality, weight) by trying everything.
    fn best(items: usize, edges: &[Edge], free: u32) -> (usize, f64) {
        let Some(a) = (0..items).find(|&item| free & (1 << item) != 0) else { return (0, 0.0) };
        let mut found = best(items, edges, free & !(1 << a));
        for edge in edges.iter().filter(|edge| edge.a as usize == a || edge.b as usize == a) {
            let b = if edge.a as usize == a { edge.b } else { edge.a } as usize;
            if b != a && free & (1 << b) != 0 {
                let (size, weight) = best(items, edges, free & !(1 << a) & !(1 << b));
                let with = (size + 1, weight + edge.weight);
                if with.0 > found.0 || (with.0 == found.0 && with.1 > found.1) {
                    found = with;
                }
            }
        }
        found
    }

    fn value(items: usize, edges: &[Edge], chosen: &[usize]) -> (usize, f64) {
        let mut seen = vec![false; items];
        let mut weight = 0.0;
        for &index in chosen {
            let edge = edges[index];
            for item in [edge.a, edge.b] {
                assert!(!std::mem::replace(&mut seen[item as usize], true), "item {item} is matched twice");
            }
            weight += edge.weight;
        }
        (chosen.len(), weight)
    }

    fn graph() -> impl Strategy<Value = (usize, Vec<Edge>)> {
        (2_usize..=9, 0.15_f64..1.0, any::<u64>(), prop::bool::ANY).prop_map(
            |(items, density, seed, coarse)| {
                let mut state = seed;
                let mut unit = || {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 11) as f64 / (1_u64 << 53) as f64
                };
                let mut edges = Vec::new();
                for a in 0..items {
                    for b in a + 1..items {
                        if unit() < density {
                            let weight = if coarse { (unit() * 4.0).floor() } else { unit() * 3.0 - 1.0 };
                            edges.push(Edge { a: a as u32, b: b as u32, weight });
                        }
                    }
                }
                (items, edges)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn the_exact_matching_is_the_best_of_all((items, edges) in graph()) {
            let (size, weight) = best(items, &edges, (1 << items) - 1);
            let (found_size, found_weight) = value(items, &edges, &maximum_weight(items, &edges));
            prop_assert_eq!(found_size, size);
            prop_assert!((found_weight - weight).abs() < 1e-5, "{} is not {}", found_weight, weight);
        }

        #[test]
        fn the_greedy_matching_leaves_no_pair_of_free_items((items, edges) in graph()) {
            let chosen = greedy(items, &edges);
            value(items, &edges, &chosen);
            let mut free = vec![true; items];
            for &index in &chosen {
                free[edges[index].a as usize] = false;
                free[edges[index].b as usize] = false;
            }
            prop_assert!(!edges.iter().any(|edge| free[edge.a as usize] && free[edge.b as usize]));
        }
    }

    #[test]
    fn cardinality_goes_before_weight() {
        let edge = |a, b, weight| Edge { a, b, weight };
        let path = [edge(0, 1, 1.0), edge(1, 2, 100.0), edge(2, 3, 1.0)];
        assert_eq!(maximum_weight(4, &path), [0, 2]);
    }

    #[test]
    fn edges_that_make_no_sense_are_left_out() {
        let edge = |a, b, weight| Edge { a, b, weight };
        let edges = [edge(0, 0, 9.0), edge(0, 7, 9.0), edge(0, 1, f64::NAN), edge(1, 0, 1.0)];
        assert_eq!(maximum_weight(2, &edges), [3]);
        assert_eq!(greedy(2, &edges), [3]);
        assert!(maximum_weight(0, &[]).is_empty());
    }
}
