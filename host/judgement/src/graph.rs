//! The shape of the comparison graph: what is connected with what, and which items only won or only lost.
//!
//! An item *beats* another when a judge said so at least once. A tie or a soft answer counts as beating in both
//! directions, because it bounds the difference from both sides. Scores without a prior exist exactly when everybody
//! can be reached from everybody along such edges (Ford 1957).

use serde::{Deserialize, Serialize};

use crate::{Comparisons, Verdict};

/// What the comparison graph looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Each item's component when directions are ignored, numbered from 0 in the order of their first items.
    pub component: Vec<u32>,
    /// How many such components there are. More than one: scores of different components are tied by the prior only.
    pub components: u32,
    /// Each item's strong component (everybody in it beats everybody in it through some chain), numbered likewise.
    pub strong_component: Vec<u32>,
    /// How many strong components there are. One: scores without a prior exist.
    pub strong_components: u32,
    /// Items that were compared and never beat anybody, by index.
    pub winless: Vec<u32>,
    /// Items that were compared and never were beaten, by index.
    pub unbeaten: Vec<u32>,
    /// Items that were never compared, by index.
    pub isolated: Vec<u32>,
}

impl Structure {
    /// Finds the components in time proportional to items and comparisons.
    pub fn of(comparisons: &Comparisons) -> Self {
        let n = comparisons.items();
        let mut beats: Vec<(u32, u32)> = Vec::with_capacity(comparisons.rows().len());
        let mut union = Union::new(n);
        for row in comparisons.rows() {
            union.join(row.first, row.second);
            if row.verdict != Verdict::Second {
                beats.push((row.first, row.second));
            }
            if row.verdict != Verdict::First {
                beats.push((row.second, row.first));
            }
        }
        let (mut wins, mut losses) = (vec![false; n], vec![false; n]);
        for &(better, worse) in &beats {
            wins[better as usize] = true;
            losses[worse as usize] = true;
        }
        let of_items = |keep: &dyn Fn(usize) -> bool| -> Vec<u32> {
            (0..n).filter(|&item| keep(item)).map(|item| item as u32).collect()
        };
        let winless = of_items(&|item| losses[item] && !wins[item]);
        let unbeaten = of_items(&|item| wins[item] && !losses[item]);
        let isolated = of_items(&|item| !wins[item] && !losses[item]);
        let roots = (0..n as u32).map(|item| union.root(item)).collect::<Vec<_>>();
        let (component, components) = renumber(&roots);
        let (strong_component, strong_components) = renumber(&strong(n, &beats));
        Self { component, components, strong_component, strong_components, winless, unbeaten, isolated }
    }

    /// Whether all items hang together when directions are ignored.
    pub const fn connected(&self) -> bool {
        self.components <= 1
    }

    /// Whether scores without a prior exist.
    pub const fn strongly_connected(&self) -> bool {
        self.strong_components <= 1
    }
}

/// Numbers labels from 0 in the order of their first use.
fn renumber(labels: &[u32]) -> (Vec<u32>, u32) {
    let mut number = vec![u32::MAX; labels.len()];
    let mut next = 0;
    let renumbered = labels
        .iter()
        .map(|&label| {
            let slot = &mut number[label as usize];
            if *slot == u32::MAX {
                *slot = next;
                next += 1;
            }
            *slot
        })
        .collect();
    (renumbered, next)
}

/// Disjoint sets with path halving.
struct Union(Vec<u32>);

impl Union {
    fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    fn root(&mut self, mut item: u32) -> u32 {
        while self.0[item as usize] != item {
            let above = self.0[self.0[item as usize] as usize];
            self.0[item as usize] = above;
            item = above;
        }
        item
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// Strong components by Tarjan's algorithm with an explicit stack; a label is some number below `n`.
fn strong(n: usize, edges: &[(u32, u32)]) -> Vec<u32> {
    let mut start = vec![0_u32; n + 1];
    for &(from, _) in edges {
        start[from as usize + 1] += 1;
    }
    for item in 0..n {
        start[item + 1] += start[item];
    }
    let mut fill = start.clone();
    let mut targets = vec![0_u32; edges.len()];
    for &(from, to) in edges {
        targets[fill[from as usize] as usize] = to;
        fill[from as usize] += 1;
    }
    let mut next = start[..n].to_vec();
    let (mut order, mut low, mut label) = (vec![u32::MAX; n], vec![0_u32; n], vec![u32::MAX; n]);
    let (mut stack, mut path, mut seen, mut labels) = (Vec::new(), Vec::new(), 0_u32, 0_u32);
    for root in 0..n as u32 {
        if order[root as usize] == u32::MAX {
            path.push(root);
        }
        while let Some(&item) = path.last() {
            let at = item as usize;
            if order[at] == u32::MAX {
                order[at] = seen;
                low[at] = seen;
                seen += 1;
                stack.push(item);
            }
            if next[at] < start[at + 1] {
                let to = targets[next[at] as usize] as usize;
                next[at] += 1;
                if order[to] == u32::MAX {
                    path.push(to as u32);
                } else if label[to] == u32::MAX {
                    low[at] = low[at].min(order[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&parent) = path.last() {
                low[parent as usize] = low[parent as usize].min(low[at]);
            }
            if low[at] == order[at] {
                while let Some(member) = stack.pop() {
                    label[member as usize] = labels;
                    if member == item {
                        break;
                    }
                }
                labels += 1;
            }
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Comparison;

    fn of(items: usize, wins: &[(u32, u32)]) -> Structure {
        let rows = wins.iter().map(|&(a, b)| Comparison::new(a, b, Verdict::First)).collect();
        Structure::of(&Comparisons::new(items, 1, rows).unwrap())
    }

    #[test]
    fn a_cycle_with_an_unbeaten_and_an_isolated_item() {
        let seen = of(5, &[(0, 1), (1, 2), (2, 0), (3, 0)]);
        assert_eq!(seen.component, [0, 0, 0, 0, 1]);
        assert_eq!(seen.strong_component, [0, 0, 0, 1, 2]);
        assert_eq!((seen.components, seen.strong_components), (2, 3));
        assert_eq!((seen.unbeaten, seen.winless, seen.isolated), (vec![3], vec![], vec![4]));
    }

    #[test]
    fn two_cycles_joined_by_one_win_are_connected_but_not_strongly() {
        let seen = of(6, &[(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3)]);
        assert!(seen.connected() && !seen.strongly_connected());
        assert_eq!(seen.strong_component, [0, 0, 0, 1, 1, 1]);
        assert!(
            of(6, &[(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3), (5, 1)]).strongly_connected()
        );
    }

    #[test]
    fn a_tie_beats_in_both_directions_and_a_long_chain_needs_no_recursion() {
        let rows = (0..50_000).map(|i| Comparison::new(i, i + 1, Verdict::Tie)).collect();
        let seen = Structure::of(&Comparisons::new(50_001, 1, rows).unwrap());
        assert!(seen.strongly_connected() && seen.winless.is_empty());
        let losers = of(3, &[(0, 1), (1, 2)]);
        assert_eq!((losers.winless, losers.unbeaten), (vec![2], vec![0]));
    }
}
