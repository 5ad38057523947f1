//! Linear equations whose matrix is a diagonal plus the Laplacian of a weighted comparison graph, by preconditioned
//! conjugate gradients.

/// Judges beyond this number get the standard error of their bias without the scores' uncertainty.
const MAX_EXACT_BIASES: usize = 32;
/// Quadratic forms of solutions are right to the square of this.
pub(crate) const SOLVED: f64 = 3e-3;

/// `diagonal * I` plus, for every edge, its weight on the difference of its two items. Fastest when edges are added in
/// the order of their first items.
pub(crate) struct System {
    level: f64,
    /// First items, each with where its run of edges ends.
    runs: Vec<(u32, u32)>,
    second: Vec<u32>,
    weight: Vec<f32>,
    diagonal: Vec<f64>,
    /// Each edge's bias, an unknown that adds to its difference; empty if all have the same or none.
    bias: Vec<u16>,
    biases: usize,
    bias_level: f64,
    items: usize,
}

impl System {
    /// No edges yet, but room for so many.
    pub(crate) fn new(items: usize, level: f64, edges: usize) -> Self {
        Self {
            level,
            runs: Vec::with_capacity(items),
            second: Vec::with_capacity(edges),
            weight: Vec::with_capacity(edges),
            diagonal: vec![level; items],
            bias: Vec::new(),
            biases: 0,
            bias_level: 0.0,
            items,
        }
    }

    /// Adds unknowns that follow the items': each edge's difference gets the one with the number given for it.
    pub(crate) fn with_biases(mut self, biases: usize, level: f64, bias: impl Iterator<Item = u16>) -> Self {
        if biases > 1 {
            self.bias = bias.collect();
        }
        self.biases = biases;
        self.bias_level = level;
        self.diagonal.resize(self.items + biases, level);
        self
    }

    /// Adds an edge.
    pub(crate) fn add(&mut self, first: u32, second: u32, weight: f64) {
        self.second.push(second);
        self.weight.push(weight as f32);
        let end = self.second.len() as u32;
        match self.runs.last_mut() {
            Some(run) if run.0 == first => run.1 = end,
            _ => self.runs.push((first, end)),
        }
        self.diagonal[first as usize] += weight;
        self.diagonal[second as usize] += weight;
    }

    /// The edges' weights, in the order in which they were added; [`System::refresh`] has to follow a change.
    pub(crate) fn weights(&mut self) -> &mut [f32] {
        &mut self.weight
    }

    /// Sets the diagonal, given the sums of the items' weights.
    pub(crate) fn refresh(&mut self, sums: impl Iterator<Item = f64>) {
        let (items, biases) = self.diagonal.split_at_mut(self.items);
        for (diagonal, sum) in items.iter_mut().zip(sums) {
            *diagonal = self.level + sum;
        }
        biases.fill(self.bias_level);
        match biases {
            [] => {}
            [one] => *one += self.weight.iter().map(|&weight| f64::from(weight)).sum::<f64>(),
            _ => {
                for (&bias, &weight) in self.bias.iter().zip(&self.weight) {
                    biases[usize::from(bias)] += f64::from(weight);
                }
            }
        }
    }

    /// The matrix's diagonal.
    pub(crate) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// The edges with their weights.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (u32, u32, f32)> + '_ {
        let mut start = 0;
        self.runs.iter().flat_map(move |&(first, end)| {
            let range = start..end as usize;
            start = end as usize;
            self.second[range.clone()].iter().zip(&self.weight[range]).map(move |(&k, &w)| (first, k, w))
        })
    }

    /// Multiplies by the matrix: each entry holds a vector's number and gets the product's.
    fn apply(&self, nodes: &mut [[f64; 2]]) {
        let (items, biases) = nodes.split_at_mut(self.items);
        items.iter_mut().for_each(|node| node[1] = self.level * node[0]);
        biases.iter_mut().for_each(|node| node[1] = self.bias_level * node[0]);
        match biases {
            [] => self.apply_runs(items, |_| 0.0, |_, _| ()),
            [bias] => {
                let x = bias[0];
                let mut sum = 0.0;
                self.apply_runs(items, |_| x, |_, flow| sum += flow);
                bias[1] += sum;
            }
            _ => {
                let of = |edge: usize| usize::from(self.bias[edge]);
                let x: Vec<f64> = biases.iter().map(|bias| bias[0]).collect();
                self.apply_runs(items, |edge| x[of(edge)], |edge, flow| biases[of(edge)][1] += flow);
            }
        }
    }

    #[inline(always)]
    fn apply_runs(
        &self,
        items: &mut [[f64; 2]],
        shift: impl Fn(usize) -> f64,
        mut flowed: impl FnMut(usize, f64),
    ) {
        let mut start = 0;
        for &(first, end) in &self.runs {
            let (end, x) = (end as usize, items[first as usize][0]);
            let mut sum = 0.0;
            let edges = self.second[start..end].iter().zip(&self.weight[start..end]);
            for (k, (&second, &weight)) in edges.enumerate() {
                let node = &mut items[second as usize];
                let flow = f64::from(weight) * (x - node[0] + shift(start + k));
                node[1] -= flow;
                sum += flow;
                flowed(start + k, flow);
            }
            items[first as usize][1] += sum;
            start = end;
        }
    }

    /// How much of each judge's information on its position bias is left when the scores are unknown too: for each edge
    /// first item, second item, judge, discrimination and information on `z`. For many judges nothing is taken off.
    pub(crate) fn left_of_biases(
        &self,
        mut information: Vec<f64>,
        edges: impl Iterator<Item = (u32, u32, u16, f64, f64)>,
    ) -> Vec<f64> {
        if information.len() > MAX_EXACT_BIASES {
            return information;
        }
        let mut columns = vec![vec![0.0; self.diagonal.len()]; information.len()];
        for (first, second, judge, a, weight) in edges {
            let column = &mut columns[usize::from(judge)];
            column[first as usize] += a * weight;
            column[second as usize] -= a * weight;
        }
        for (column, information) in columns.iter().zip(&mut information) {
            let solved = self.solve(column, SOLVED, 200);
            let shared: f64 = column.iter().zip(&solved).map(|(c, x)| c * x).sum();
            *information -= shared.clamp(0.0, 0.999 * *information);
        }
        information
    }

    /// The solution for a right-hand side, until the residual has fallen to `tolerance` of it.
    pub(crate) fn solve(&self, target: &[f64], tolerance: f64, most: u32) -> Vec<f64> {
        let n = target.len();
        let mut x = vec![0.0; n];
        let mut residual = target.to_vec();
        let inverse: Vec<f64> = self.diagonal.iter().map(|d| 1.0 / d).collect();
        // The direction, and its product with the matrix.
        let mut nodes: Vec<[f64; 2]> = residual.iter().zip(&inverse).map(|(r, d)| [r * d, 0.0]).collect();
        let mut size: f64 = residual.iter().zip(&nodes).map(|(r, node)| r * node[0]).sum();
        let enough = tolerance * tolerance * size;
        for _ in 0..most {
            if size <= enough || size <= 0.0 {
                break;
            }
            self.apply(&mut nodes);
            let curvature: f64 = nodes.iter().map(|node| node[0] * node[1]).sum();
            if curvature <= 0.0 {
                break;
            }
            let step = size / curvature;
            let mut next = 0.0;
            for (((x, r), node), d) in x.iter_mut().zip(&mut residual).zip(&nodes).zip(&inverse) {
                *x += step * node[0];
                *r -= step * node[1];
                next += *r * *r * d;
            }
            let keep = next / size;
            for ((node, r), d) in nodes.iter_mut().zip(&residual).zip(&inverse) {
                node[0] = r * d + keep * node[0];
            }
            size = next;
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_solved() {
        let mut system = System::new(4, 0.5, 3);
        for item in 0..3 {
            system.add(item, item + 1, 1.0 + f64::from(item));
        }
        let want = [1.0, -2.0, 0.5, 3.0];
        let mut nodes = want.map(|x| [x, 0.0]);
        system.apply(&mut nodes);
        let target = nodes.map(|node| node[1]);
        let found = system.solve(&target, 1e-12, 50);
        assert!(found.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-10), "{found:?}");
    }
}
