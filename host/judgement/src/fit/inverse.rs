//! The inverse of a symmetric positive definite matrix, by sweeping blocks of pivots (Goodnight 1979): one pass of
//! vectorised rank-eight updates per block. No runtime choice of instructions, so the same bits on any machine.

use nalgebra::DMatrix;

/// How many pivots are swept at once.
const BLOCK: usize = 8;

type Square = [[f64; BLOCK]; BLOCK];

/// The inverse of a symmetric matrix of which only the lower triangle is read; nothing if it is not positive definite.
pub(crate) fn inverse(matrix: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let n = matrix.nrows();
    // Columns of the upper triangle lie as rows of the lower: element (i, k) with k <= i is at i * n + k.
    let mut a: Vec<f64> = matrix.transpose().as_slice().to_vec();
    let mut panel = vec![0.0; BLOCK * n];
    for start in (0..n).step_by(BLOCK) {
        let size = BLOCK.min(n - start);
        let pivot = invert_block(&a, n, start, size)?;
        gather(&a, n, start, size, &mut panel);
        update(&mut a, n, &panel, &pivot);
        scatter(&mut a, n, start, size, &panel, &pivot);
    }
    Some(DMatrix::from_fn(n, n, |i, k| -a[i.max(k) * n + i.min(k)]))
}

/// The inverse of the pivot block, filled up with nothing.
fn invert_block(a: &[f64], n: usize, start: usize, size: usize) -> Option<Square> {
    let mut block: Square = [[0.0; BLOCK]; BLOCK];
    for i in 0..size {
        for k in 0..=i {
            block[i][k] = a[(start + i) * n + start + k];
            block[k][i] = block[i][k];
        }
    }
    for p in 0..size {
        let d = block[p][p];
        if d.is_nan() || d <= 0.0 {
            return None;
        }
        let row = block[p];
        for (i, line) in block.iter_mut().enumerate().take(size) {
            if i != p {
                let factor = line[p] / d;
                for k in 0..size {
                    line[k] -= factor * row[k];
                }
                line[p] = factor;
            }
        }
        for (k, value) in block[p].iter_mut().enumerate().take(size) {
            *value = if k == p { -1.0 / d } else { row[k] / d };
        }
    }
    block.iter_mut().flatten().for_each(|x| *x = -*x);
    Some(block)
}

/// The pivots' columns, each as one stretch, with zeros where pivots meet pivots.
fn gather(a: &[f64], n: usize, start: usize, size: usize, panel: &mut [f64]) {
    panel.fill(0.0);
    for (p, column) in panel.chunks_exact_mut(n).enumerate().take(size) {
        let at = start + p;
        column[..start].copy_from_slice(&a[at * n..at * n + start]);
        for i in start + size..n {
            column[i] = a[i * n + at];
        }
    }
}

/// One item's row of the panel times the pivot block's inverse.
fn scaled(panel: &[f64], n: usize, pivot: &Square, i: usize) -> [f64; BLOCK] {
    let x: [f64; BLOCK] = std::array::from_fn(|p| panel[p * n + i]);
    std::array::from_fn(|p| (0..BLOCK).map(|q| x[q] * pivot[q][p]).sum())
}

/// Takes what the pivots explain out of everything else.
fn update(a: &mut [f64], n: usize, panel: &[f64], pivot: &Square) {
    let (x0, rest) = panel.split_at(n);
    let (x1, rest) = rest.split_at(n);
    let (x2, rest) = rest.split_at(n);
    let (x3, rest) = rest.split_at(n);
    let (x4, rest) = rest.split_at(n);
    let (x5, rest) = rest.split_at(n);
    let (x6, x7) = rest.split_at(n);
    for i in 0..n {
        let y = scaled(panel, n, pivot, i);
        let row = &mut a[i * n..=i * n + i];
        let len = row.len();
        let [x0, x1, x2, x3] = [&x0[..len], &x1[..len], &x2[..len], &x3[..len]];
        let [x4, x5, x6, x7] = [&x4[..len], &x5[..len], &x6[..len], &x7[..len]];
        for k in 0..len {
            let low = y[0] * x0[k] + y[1] * x1[k] + (y[2] * x2[k] + y[3] * x3[k]);
            let high = y[4] * x4[k] + y[5] * x5[k] + (y[6] * x6[k] + y[7] * x7[k]);
            row[k] -= low + high;
        }
    }
}

/// Puts the pivots' own rows and columns back.
fn scatter(a: &mut [f64], n: usize, start: usize, size: usize, panel: &[f64], pivot: &Square) {
    for i in (0..start).chain(start + size..n) {
        let y = scaled(panel, n, pivot, i);
        for (p, &y) in y.iter().enumerate().take(size) {
            let at = start + p;
            a[i.max(at) * n + i.min(at)] = y;
        }
    }
    for i in 0..size {
        for k in 0..=i {
            a[(start + i) * n + start + k] = -pivot[i][k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_times_the_matrix_is_one() {
        for n in [1, 2, 7, 8, 9, 16, 37] {
            let half = DMatrix::from_fn(n, n, |i, k| ((i * 31 + k * 17) % 23) as f64 / 7.0 - 1.5);
            let matrix = &half * half.transpose() + DMatrix::identity(n, n);
            let product = inverse(matrix.clone()).unwrap() * &matrix;
            assert!((product - DMatrix::identity(n, n)).amax() < 1e-10, "{n}");
        }
        let mut indefinite = DMatrix::identity(9, 9);
        indefinite[(8, 8)] = -1.0;
        assert!(inverse(indefinite).is_none());
    }
}
