//! Maximum-weight matching in a general graph: Edmonds' primal-dual method (1965) in its `O(n^3)` form (Galil 1986).
//!
//! Vertices are numbered from 1, blossoms follow them, and 0 stands for "none". Weights are integers, so that the dual
//! variables are exact: an edge is tight when `dual[u] + dual[v] == 2 * weight`.

use std::collections::VecDeque;

use super::{Edge, usable};

/// Into how many steps the range of weights is cut. Matchings whose weights differ by less than `n / 2^32` of the range
/// count as equal.
const STEPS: f64 = 4_294_967_296.0;

/// The matching of largest cardinality and, of those, of largest weight.
///
/// Gives the indices of its edges, ascending; of two edges between the same items the heavier one counts.
/// Memory is about `64 n^2` bytes.
pub fn maximum_weight(items: usize, edges: &[Edge]) -> Vec<usize> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (_, edge) in usable(items, edges) {
        low = low.min(edge.weight);
        high = high.max(edge.weight);
    }
    let scale = if high > low { STEPS / (high - low) } else { 0.0 };
    // So much that one more pair outweighs any choice among the others.
    let bonus = (items as i64 / 2 + 1) << 32;
    let mut search = Search::new(items);
    let mut index_of = vec![usize::MAX; items * items];
    for (index, edge) in usable(items, edges) {
        let weight = ((edge.weight - low) * scale) as i64 + bonus;
        let (a, b) = (edge.a as usize, edge.b as usize);
        if weight > search.arcs[search.at(a + 1, b + 1)].weight {
            search.set_edge(a + 1, b + 1, weight);
            index_of[a.min(b) * items + a.max(b)] = index;
        }
    }
    search.run();
    (1..=items)
        .filter(|&u| search.mate[u] > u)
        .map(|u| index_of[(u - 1) * items + search.mate[u] - 1])
        .collect::<std::collections::BTreeSet<usize>>()
        .into_iter()
        .collect()
}

/// The real edge that stands for the best one between two vertices or blossoms. Weight 0 is no edge.
#[derive(Clone, Copy, Default)]
pub(super) struct Arc {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) weight: i64,
}

/// Where a vertex or blossom stands in the alternating forest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Free,
    Even,
    Odd,
}

pub(super) struct Search {
    pub(super) n: usize,
    /// Vertices and blossoms that have existed.
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) arcs: Vec<Arc>,
    pub(super) dual: Vec<i64>,
    /// The vertex at the other end of a vertex's or blossom's matched edge.
    pub(super) mate: Vec<usize>,
    /// The even vertex with the least slack towards this one.
    pub(super) slack: Vec<usize>,
    /// The outermost blossom that holds this one; 0 for a blossom that is gone.
    pub(super) outer: Vec<usize>,
    /// The even vertex from which an odd one was reached.
    pub(super) parent: Vec<usize>,
    /// `petal_of[b * (n + 1) + v]`: the petal of blossom `b` that holds vertex `v`.
    pub(super) petal_of: Vec<usize>,
    pub(super) label: Vec<Label>,
    pub(super) visited: Vec<usize>,
    pub(super) round: usize,
    pub(super) petals: Vec<Vec<usize>>,
    pub(super) queue: VecDeque<usize>,
}

impl Search {
    fn new(n: usize) -> Self {
        let width = 2 * n + 1;
        let mut arcs = vec![Arc::default(); width * width];
        let mut petal_of = vec![0; width * (n + 1)];
        for u in 1..=n {
            petal_of[u * (n + 1) + u] = u;
            for v in 1..=n {
                arcs[u * width + v] = Arc { from: u, to: v, weight: 0 };
            }
        }
        Self {
            n,
            top: n,
            width,
            arcs,
            dual: vec![0; width],
            mate: vec![0; width],
            slack: vec![0; width],
            outer: (0..width).map(|x| if x <= n { x } else { 0 }).collect(),
            parent: vec![0; width],
            petal_of,
            label: vec![Label::Free; width],
            visited: vec![0; width],
            round: 0,
            petals: vec![Vec::new(); width],
            queue: VecDeque::new(),
        }
    }

    fn at(&self, u: usize, v: usize) -> usize {
        u * self.width + v
    }

    pub(super) fn arc(&self, u: usize, v: usize) -> Arc {
        self.arcs[u * self.width + v]
    }

    fn set_edge(&mut self, u: usize, v: usize, weight: i64) {
        let (there, back) = (self.at(u, v), self.at(v, u));
        self.arcs[there].weight = weight;
        self.arcs[back].weight = weight;
    }

    fn run(&mut self) {
        let most = self.arcs.iter().map(|arc| arc.weight).max().unwrap_or(0);
        if most == 0 {
            return;
        }
        self.dual[1..=self.n].fill(most);
        while self.grow() {}
    }

    /// How far an edge is from tight, twice.
    pub(super) fn distance(&self, arc: Arc) -> i64 {
        self.dual[arc.from] + self.dual[arc.to] - 2 * self.arc(arc.from, arc.to).weight
    }

    pub(super) fn update_slack(&mut self, u: usize, x: usize) {
        let known = self.slack[x];
        if known == 0 || self.distance(self.arc(u, x)) < self.distance(self.arc(known, x)) {
            self.slack[x] = u;
        }
    }

    fn reset_slack(&mut self, x: usize) {
        self.slack[x] = 0;
        for u in 1..=self.n {
            if self.arc(u, x).weight > 0 && self.outer[u] != x && self.label[self.outer[u]] == Label::Even {
                self.update_slack(u, x);
            }
        }
    }

    /// Every vertex inside `x`, in the order of the petals.
    fn vertices(&self, x: usize) -> Vec<usize> {
        let (mut found, mut stack) = (Vec::new(), vec![x]);
        while let Some(y) = stack.pop() {
            if y <= self.n {
                found.push(y);
            } else {
                stack.extend(self.petals[y].iter().rev());
            }
        }
        found
    }

    pub(super) fn enqueue(&mut self, x: usize) {
        let vertices = self.vertices(x);
        self.queue.extend(vertices);
    }

    fn set_outer(&mut self, x: usize, outer: usize) {
        let mut stack = vec![x];
        while let Some(y) = stack.pop() {
            self.outer[y] = outer;
            stack.extend(self.petals[y].iter());
        }
    }

    /// The place of `petal` in blossom `b`, whose petals are turned round where needed to make it even.
    fn even_place(&mut self, b: usize, petal: usize) -> usize {
        let petals = &mut self.petals[b];
        let place = petals.iter().position(|&other| other == petal).unwrap_or(0);
        if place % 2 == 1 {
            petals[1..].reverse();
            petals.len() - place
        } else {
            place
        }
    }

    /// Matches `u` along its edge to `v`, and the petals within `u` accordingly.
    fn set_mate(&mut self, u: usize, v: usize) {
        let arc = self.arc(u, v);
        self.mate[u] = arc.to;
        if u <= self.n {
            return;
        }
        let petal = self.petal_of[u * (self.n + 1) + arc.from];
        let place = self.even_place(u, petal);
        for k in 0..place {
            let (x, y) = (self.petals[u][k], self.petals[u][k ^ 1]);
            self.set_mate(x, y);
        }
        self.set_mate(petal, v);
        self.petals[u].rotate_left(place);
    }

    /// Flips the matched edges on the way from `u` to its root, with `u` now matched to `v`.
    pub(super) fn augment(&mut self, mut u: usize, mut v: usize) {
        loop {
            let next = self.outer[self.mate[u]];
            self.set_mate(u, v);
            if next == 0 {
                return;
            }
            let parent = self.outer[self.parent[next]];
            self.set_mate(next, parent);
            (u, v) = (parent, next);
        }
    }

    /// Where the ways of `u` and `v` to their roots meet; 0 if the roots differ.
    pub(super) fn meeting(&mut self, mut u: usize, mut v: usize) -> usize {
        self.round += 1;
        while u != 0 || v != 0 {
            if u != 0 {
                if self.visited[u] == self.round {
                    return u;
                }
                self.visited[u] = self.round;
                u = self.outer[self.mate[u]];
                if u != 0 {
                    u = self.outer[self.parent[u]];
                }
            }
            std::mem::swap(&mut u, &mut v);
        }
        0
    }

    /// The petals from `x` back to `root`, without it.
    fn climb(&mut self, mut x: usize, root: usize) -> Vec<usize> {
        let mut way = Vec::new();
        while x != root {
            let y = self.outer[self.mate[x]];
            way.extend([x, y]);
            self.enqueue(y);
            x = self.outer[self.parent[y]];
        }
        way
    }

    pub(super) fn add_blossom(&mut self, u: usize, root: usize, v: usize) {
        let b = (self.n + 1..=self.top).find(|&b| self.outer[b] == 0).unwrap_or(self.top + 1);
        self.top = self.top.max(b);
        self.dual[b] = 0;
        self.label[b] = Label::Even;
        self.mate[b] = self.mate[root];
        let mut petals = self.climb(u, root);
        petals.push(root);
        petals.reverse();
        petals.extend(self.climb(v, root));
        self.petals[b] = petals.clone();
        self.set_outer(b, b);
        for x in 1..=self.top {
            self.set_edge(b, x, 0);
        }
        self.petal_of[b * (self.n + 1)..(b + 1) * (self.n + 1)].fill(0);
        for petal in petals {
            for x in 1..=self.top {
                let (there, arc) = (self.arc(b, x), self.arc(petal, x));
                if arc.weight == 0 {
                    continue;
                }
                if there.weight == 0 || self.distance(arc) < self.distance(there) {
                    let (out, back) = (self.at(b, x), self.at(x, b));
                    self.arcs[out] = arc;
                    self.arcs[back] = self.arc(x, petal);
                }
            }
            for x in 1..=self.n {
                if self.petal_of[petal * (self.n + 1) + x] != 0 {
                    self.petal_of[b * (self.n + 1) + x] = petal;
                }
            }
        }
        self.reset_slack(b);
    }

    pub(super) fn expand_blossom(&mut self, b: usize) {
        for petal in self.petals[b].clone() {
            self.set_outer(petal, petal);
        }
        let entry = self.petal_of[b * (self.n + 1) + self.arc(b, self.parent[b]).from];
        let place = self.even_place(b, entry);
        let petals = self.petals[b].clone();
        for pair in petals[..place].chunks_exact(2) {
            let (odd, even) = (pair[0], pair[1]);
            self.parent[odd] = self.arc(even, odd).from;
            self.label[odd] = Label::Odd;
            self.label[even] = Label::Even;
            self.slack[odd] = 0;
            self.reset_slack(even);
            self.enqueue(even);
        }
        self.label[entry] = Label::Odd;
        self.parent[entry] = self.parent[b];
        for &petal in &petals[place + 1..] {
            self.label[petal] = Label::Free;
            self.reset_slack(petal);
        }
        self.outer[b] = 0;
    }
}
