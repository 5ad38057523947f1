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

/// Takes what the pivots explain out of everything else, two rows at a time.
fn update(a: &mut [f64], n: usize, panel: &[f64], pivot: &Square) {
    let mut columns = panel.chunks_exact(n);
    let x: [&[f64]; BLOCK] = std::array::from_fn(|_| columns.next().unwrap_or(&[]));
    for (pair, rows) in a.chunks_mut(2 * n).enumerate() {
        let i = 2 * pair;
        let (upper, lower) = rows.split_at_mut(n);
        let y = scaled(panel, n, pivot, i);
        if lower.is_empty() {
            subtract(&mut upper[..=i], &x, &y);
            continue;
        }
        let z = scaled(panel, n, pivot, i + 1);
        subtract_both(&mut upper[..=i], &mut lower[..=i], &x, &y, &z);
        let corner: f64 = x.iter().zip(&z).map(|(x, z)| x[i + 1] * z).sum();
        lower[i + 1] -= corner;
    }
}

/// One row's share.
fn subtract(row: &mut [f64], x: &[&[f64]; BLOCK], y: &[f64; BLOCK]) {
    let x = x.map(|column| &column[..row.len()]);
    for (k, value) in row.iter_mut().enumerate() {
        let low = y[0] * x[0][k] + y[1] * x[1][k] + (y[2] * x[2][k] + y[3] * x[3][k]);
        let high = y[4] * x[4][k] + y[5] * x[5][k] + (y[6] * x[6][k] + y[7] * x[7][k]);
        *value -= low + high;
    }
}

/// Two rows' shares, with each column's number fetched once.
fn subtract_both(
    upper: &mut [f64],
    lower: &mut [f64],
    x: &[&[f64]; BLOCK],
    y: &[f64; BLOCK],
    z: &[f64; BLOCK],
) {
    let length = upper.len();
    let lower = &mut lower[..length];
    let [a, b, c, d, e, f, g, h] = x.map(|column| &column[..length]);
    for k in 0..length {
        let v = [a[k], b[k], c[k], d[k], e[k], f[k], g[k], h[k]];
        let low = y[0] * v[0] + y[1] * v[1] + (y[2] * v[2] + y[3] * v[3]);
        let high = y[4] * v[4] + y[5] * v[5] + (y[6] * v[6] + y[7] * v[7]);
        upper[k] -= low + high;
        let low = z[0] * v[0] + z[1] * v[1] + (z[2] * v[2] + z[3] * v[3]);
        let high = z[4] * v[4] + z[5] * v[5] + (z[6] * v[6] + z[7] * v[7]);
        lower[k] -= low + high;
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
