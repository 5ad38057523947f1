//! The phases of the blossom method: each grows alternating forests until the matching gets one pair larger.

use super::blossom::{Arc, Label, Search};

impl Search {
    /// A tight edge from an even vertex: grows the forest, makes a blossom, or (true) augments.
    fn tight(&mut self, arc: Arc) -> bool {
        let (u, v) = (self.outer[arc.from], self.outer[arc.to]);
        match self.label[v] {
            Label::Free => {
                self.parent[v] = arc.from;
                self.label[v] = Label::Odd;
                let next = self.outer[self.mate[v]];
                self.slack[v] = 0;
                self.slack[next] = 0;
                self.label[next] = Label::Even;
                self.enqueue(next);
                false
            }
            Label::Even => {
                let root = self.meeting(u, v);
                if root == 0 {
                    self.augment(u, v);
                    self.augment(v, u);
                    return true;
                }
                self.add_blossom(u, root, v);
                false
            }
            Label::Odd => false,
        }
    }

    /// One phase: true if the matching grew.
    pub(super) fn grow(&mut self) -> bool {
        self.label[..=self.top].fill(Label::Free);
        self.slack[..=self.top].fill(0);
        self.queue.clear();
        for x in 1..=self.top {
            if self.outer[x] == x && self.mate[x] == 0 {
                self.parent[x] = 0;
                self.label[x] = Label::Even;
                self.enqueue(x);
            }
        }
        if self.queue.is_empty() {
            return false;
        }
        loop {
            if self.scan() {
                return true;
            }
            if !self.adjust() {
                return false;
            }
            self.queue.clear();
            for x in 1..=self.top {
                let near = self.slack[x];
                if self.outer[x] == x && near != 0 && self.outer[near] != x {
                    let arc = self.arc(near, x);
                    if self.distance(arc) == 0 && self.tight(arc) {
                        return true;
                    }
                }
            }
            for b in self.n + 1..=self.top {
                if self.outer[b] == b && self.label[b] == Label::Odd && self.dual[b] == 0 {
                    self.expand_blossom(b);
                }
            }
        }
    }

    /// Follows the tight edges of the queued vertices; true if the matching grew.
    fn scan(&mut self) -> bool {
        while let Some(u) = self.queue.pop_front() {
            if self.label[self.outer[u]] == Label::Odd {
                continue;
            }
            for v in 1..=self.n {
                let arc = self.arc(u, v);
                if arc.weight > 0 && self.outer[u] != self.outer[v] {
                    if self.distance(arc) == 0 {
                        if self.tight(arc) {
                            return true;
                        }
                    } else {
                        self.update_slack(u, self.outer[v]);
                    }
                }
            }
        }
        false
    }

    /// Moves the dual variables until an edge gets tight or a blossom opens; false if the matching is the best.
    fn adjust(&mut self) -> bool {
        let even = (1..=self.n).filter(|&u| self.label[self.outer[u]] == Label::Even);
        let least = even.map(|u| self.dual[u]).min().unwrap_or(0);
        let mut step = i64::MAX;
        for x in 1..=self.top {
            if self.outer[x] != x {
                continue;
            }
            if x > self.n && self.label[x] == Label::Odd {
                step = step.min(self.dual[x] / 2);
            }
            if self.slack[x] != 0 {
                let distance = self.distance(self.arc(self.slack[x], x));
                match self.label[x] {
                    Label::Free => step = step.min(distance),
                    Label::Even => step = step.min(distance / 2),
                    Label::Odd => {}
                }
            }
        }
        if least <= step {
            return false;
        }
        for u in 1..=self.n {
            match self.label[self.outer[u]] {
                Label::Even => self.dual[u] -= step,
                Label::Odd => self.dual[u] += step,
                Label::Free => {}
            }
        }
        for b in self.n + 1..=self.top {
            if self.outer[b] == b {
                match self.label[b] {
                    Label::Even => self.dual[b] += 2 * step,
                    Label::Odd => self.dual[b] -= 2 * step,
                    Label::Free => {}
                }
            }
        }
        true
    }
}
