//! A good matching of many items: heaviest first, then exchanges between two chosen pairs.

use super::{Edge, usable};

/// How often all exchanges are tried.
const ROUNDS: usize = 4;

/// A matching that no pair of free items can extend: the heaviest edge first (equal weights by their items), then
/// exchanges of two pairs `ab, cd` into `ac, bd` or `ad, bc` while that makes the matching heavier (2-opt).
///
/// Gives the indices of the chosen edges, ascending. Takes `O(m log m + n^2)` time for `m` edges, and `8 n^2` bytes.
pub fn greedy(items: usize, edges: &[Edge]) -> Vec<usize> {
    let mut order: Vec<usize> = usable(items, edges).map(|(index, _)| index).collect();
    let key = |index: usize| (edges[index].a.min(edges[index].b), edges[index].a.max(edges[index].b));
    order.sort_by(|&x, &y| {
        edges[y].weight.total_cmp(&edges[x].weight).then_with(|| key(x).cmp(&key(y))).then(x.cmp(&y))
    });
    let mut chosen = vec![None; items];
    for &index in &order {
        take_if_free(&mut chosen, edges, index);
    }
    let mut index_of = vec![usize::MAX; items * items];
    for &index in order.iter().rev() {
        let (a, b) = (edges[index].a as usize, edges[index].b as usize);
        index_of[a * items + b] = index;
        index_of[b * items + a] = index;
    }
    for _ in 0..ROUNDS {
        if !exchange_all(&mut chosen, edges, &index_of) {
            break;
        }
    }
    let mut result: Vec<usize> = chosen.into_iter().flatten().collect();
    result.sort_unstable();
    result.dedup();
    result
}

fn take_if_free(chosen: &mut [Option<usize>], edges: &[Edge], index: usize) {
    let (a, b) = (edges[index].a as usize, edges[index].b as usize);
    if chosen[a].is_none() && chosen[b].is_none() {
        chosen[a] = Some(index);
        chosen[b] = Some(index);
    }
}

fn other(edge: Edge, item: usize) -> usize {
    if edge.a as usize == item { edge.b as usize } else { edge.a as usize }
}

/// One pass over all items; true if anything changed. `index_of` holds the edge of every two items.
fn exchange_all(chosen: &mut [Option<usize>], edges: &[Edge], index_of: &[usize]) -> bool {
    let items = chosen.len();
    let mut changed = false;
    for a in 0..items {
        let mut best: Option<(f64, usize, usize)> = None;
        let Some(own) = chosen[a] else { continue };
        let b = other(edges[own], a);
        for c in 0..items {
            let with_c = index_of[a * items + c];
            let Some(theirs) = chosen[c].filter(|&theirs| theirs != own && with_c != usize::MAX) else {
                continue;
            };
            let with_d = index_of[b * items + other(edges[theirs], c)];
            if with_d == usize::MAX {
                continue;
            }
            let gain = edges[with_c].weight + edges[with_d].weight - edges[own].weight - edges[theirs].weight;
            if gain > 1e-12 && best.is_none_or(|(most, _, _)| gain > most) {
                best = Some((gain, with_c, with_d));
            }
        }
        if let Some((_, x, y)) = best {
            for index in [x, y] {
                chosen[edges[index].a as usize] = Some(index);
                chosen[edges[index].b as usize] = Some(index);
            }
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_repairs_what_heaviest_first_spoils() {
        let edge = |a, b, weight| Edge { a, b, weight };
        // Heaviest first takes 1-2 and is left with 0-3.
        let edges = [edge(0, 1, 9.0), edge(1, 2, 10.0), edge(2, 3, 9.0), edge(0, 3, 0.0)];
        assert_eq!(greedy(4, &edges), [0, 2]);
    }

    #[test]
    fn equal_weights_go_by_the_items() {
        let edge = |a, b| Edge { a, b, weight: 1.0 };
        assert_eq!(greedy(3, &[edge(2, 1), edge(0, 2), edge(1, 0)]), [2]);
    }
}
