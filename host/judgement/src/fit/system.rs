//! Linear equations whose matrix is a diagonal plus the Laplacian of a weighted comparison graph, by preconditioned
//! conjugate gradients.

/// Judges beyond this number get the standard error of their bias without the scores' uncertainty.
const MAX_EXACT_BIASES: usize = 32;

/// `diagonal * I` plus, for every edge, its weight on the difference of its two items.
pub(crate) struct System {
    level: f64,
    ends: Vec<[u32; 2]>,
    weight: Vec<f32>,
    diagonal: Vec<f64>,
}

impl System {
    /// No edges yet.
    pub(crate) fn new(items: usize, level: f64) -> Self {
        Self { level, ends: Vec::new(), weight: Vec::new(), diagonal: vec![level; items] }
    }

    /// Adds an edge.
    pub(crate) fn add(&mut self, first: u32, second: u32, weight: f64) {
        self.ends.push([first, second]);
        self.weight.push(weight as f32);
        self.diagonal[first as usize] += weight;
        self.diagonal[second as usize] += weight;
    }

    /// Changes an edge's weight, by its number; [`System::refresh`] has to follow.
    pub(crate) fn set(&mut self, number: usize, weight: f64) {
        self.weight[number] = weight as f32;
    }

    /// Sums up the diagonal.
    pub(crate) fn refresh(&mut self) {
        self.diagonal.fill(self.level);
        for (&[first, second], &weight) in self.ends.iter().zip(&self.weight) {
            self.diagonal[first as usize] += f64::from(weight);
            self.diagonal[second as usize] += f64::from(weight);
        }
    }

    /// The matrix's diagonal.
    pub(crate) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// The edges with their weights.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (u32, u32, f32)> + '_ {
        self.ends.iter().zip(&self.weight).map(|(&[first, second], &weight)| (first, second, weight))
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = self.level * x;
        }
        for (&[first, second], &weight) in self.ends.iter().zip(&self.weight) {
            let (first, second) = (first as usize, second as usize);
            let flow = f64::from(weight) * (x[first] - x[second]);
            y[first] += flow;
            y[second] -= flow;
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
            let solved = self.solve(column, 1e-4, 200);
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
        let precondition =
            |r: &[f64]| -> Vec<f64> { r.iter().zip(&self.diagonal).map(|(r, d)| r / d).collect() };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut scaled = precondition(&residual);
        let mut direction = scaled.clone();
        let mut size = dot(&residual, &scaled);
        let enough = tolerance * tolerance * size;
        let mut image = vec![0.0; n];
        for _ in 0..most {
            if size <= enough || size <= 0.0 {
                break;
            }
            self.apply(&direction, &mut image);
            let curvature = dot(&direction, &image);
            if curvature <= 0.0 {
                break;
            }
            let step = size / curvature;
            for k in 0..n {
                x[k] += step * direction[k];
                residual[k] -= step * image[k];
            }
            scaled = precondition(&residual);
            let next = dot(&residual, &scaled);
            for (d, s) in direction.iter_mut().zip(&scaled) {
                *d = s + next / size * *d;
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
        let mut system = System::new(4, 0.5);
        for item in 0..3 {
            system.add(item, item + 1, 1.0 + f64::from(item));
        }
        let want = [1.0, -2.0, 0.5, 3.0];
        let mut target = [0.0; 4];
        system.apply(&want, &mut target);
        let found = system.solve(&target, 1e-12, 50);
        assert!(found.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-10), "{found:?}");
    }
}
