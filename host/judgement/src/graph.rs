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
        for row in comparisons.rows() {
            if row.verdict != Verdict::Second {
                beats.push((row.first, row.second));
            }
            if row.verdict != Verdict::First {
                beats.push((row.second, row.first));
            }
        }
        let (mut wins, mut losses) = (vec![0_u32; n], vec![0_u32; n]);
        for &(better, worse) in &beats {
            wins[better as usize] += 1;
            losses[worse as usize] += 1;
        }
        let of_items = |keep: &dyn Fn(usize) -> bool| -> Vec<u32> {
            (0..n).filter(|&item| keep(item)).map(|item| item as u32).collect()
        };
        let winless = of_items(&|item| losses[item] > 0 && wins[item] == 0);
        let unbeaten = of_items(&|item| wins[item] > 0 && losses[item] == 0);
        let isolated = of_items(&|item| wins[item] == 0 && losses[item] == 0);
        let core = (0..n).rev().max_by_key(|&item| wins[item].min(losses[item])).unwrap_or(0);
        let core = Core::around(n, core, beats);
        let (component, components) = renumber(&core.components());
        let (strong_component, strong_components) = renumber(&core.strong_components());
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

/// The one item reaches this one.
const TO: u8 = 1;
/// This item reaches the one.
const FROM: u8 = 2;
const BOTH: u8 = TO | FROM;
/// How often the edges that are left are looked at.
const PASSES: u32 = 8;

/// A strong component, or a part of one, that can stand as a single item, and the edges beyond it. Most items are in
/// one such component, so that little is left for the general search.
struct Core {
    item: u32,
    inside: Vec<bool>,
    rest: Vec<(u32, u32)>,
}

impl Core {
    /// Finds what is around an item, in a few passes over all edges.
    fn around(n: usize, item: usize, mut rest: Vec<(u32, u32)>) -> Self {
        let mut marks = vec![0; n];
        if let Some(mark) = marks.get_mut(item) {
            *mark = BOTH;
        }
        for _ in 0..PASSES {
            let mut changed = false;
            rest.retain(|&(better, worse)| {
                let (of_better, of_worse) = (marks[better as usize], marks[worse as usize]);
                if of_better & of_worse == BOTH {
                    return false;
                }
                let (up, down) = (of_better | of_worse & FROM, of_worse | of_better & TO);
                if (up, down) != (of_better, of_worse) {
                    marks[better as usize] = up;
                    marks[worse as usize] = down;
                    changed = true;
                }
                up & down != BOTH
            });
            if !changed {
                break;
            }
        }
        let inside: Vec<bool> = marks.into_iter().map(|mark| mark == BOTH).collect();
        let item = item as u32;
        let of = |end: u32| if inside[end as usize] { item } else { end };
        for (better, worse) in &mut rest {
            (*better, *worse) = (of(*better), of(*worse));
        }
        Self { item, inside, rest }
    }

    /// A label for each item, the same for items in one component when directions are ignored.
    fn components(&self) -> Vec<u32> {
        let n = self.inside.len();
        let mut union = Union::new(n);
        self.rest.iter().for_each(|&(better, worse)| union.join(better, worse));
        let labels = (0..n as u32).map(|item| union.root(item)).collect();
        self.spread(labels)
    }

    /// A label for each item, the same for items in one strong component.
    fn strong_components(&self) -> Vec<u32> {
        self.spread(strong(self.inside.len(), &self.rest))
    }

    /// Gives the items inside the label of the one that stands for them.
    fn spread(&self, mut labels: Vec<u32>) -> Vec<u32> {
        let Some(&own) = labels.get(self.item as usize) else { return labels };
        for (label, &inside) in labels.iter_mut().zip(&self.inside) {
            if inside {
                *label = own;
            }
        }
        labels
    }
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
    fn the_core_changes_nothing() {
        let mut state = 1_u64;
        let mut below = |bound: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32 % bound
        };
        for case in 0..300 {
            let n = 2 + below(30);
            let edges: Vec<(u32, u32)> = (0..below(3 * n))
                .map(|_| (below(n), below(n)))
                .filter(|(a, b)| a != b && (case % 2 == 0 || a.abs_diff(*b) < 3))
                .collect();
            let seen = of(n as usize, &edges);
            assert_eq!(seen.strong_component, renumber(&strong(n as usize, &edges)).0, "{n} {edges:?}");
            let mut union = Union::new(n as usize);
            edges.iter().for_each(|&(a, b)| union.join(a, b));
            let roots: Vec<u32> = (0..n).map(|item| union.root(item)).collect();
            assert_eq!(seen.component, renumber(&roots).0, "{n} {edges:?}");
        }
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
