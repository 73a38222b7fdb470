//! The little linear algebra that metrics need, in f64.
//!
//! One routine does all of it: columns of a matrix are rotated in pairs until they are orthogonal (one-sided Jacobi,
//! Hestenes 1958). A·V = W, where V is a rotation and W has orthogonal columns, is a singular value decomposition: the
//! lengths of W's columns are the singular values. Of a symmetric positive matrix they are the eigenvalues, and the
//! directions the eigenvectors. A hundred columns take some hundredths of a second, which is no reason to depend on a
//! library; and plain sums in a fixed order give the same bits on every machine.

/// Sums that a long sum is dealt out to, so that they fill vector registers.
const LANES: usize = 8;
/// Passes over all pairs of columns. Convergence is quadratic: ten or so are the rule.
const MAX_SWEEPS: usize = 60;

/// Σ terms(i), dealt out to [`LANES`] sums: deterministic, and quick without fast-math.
#[inline(always)]
fn lane_sum<T: Copy>(a: &[T], b: &[T], term: impl Fn(T, T) -> f64) -> f64 {
    assert_eq!(a.len(), b.len());
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b)).sum();
    sums.iter().sum::<f64>() + rest
}

/// a · b.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    lane_sum(a, b, |a, b| a * b)
}

/// |a − b|², exact but for the rounding of f64: the same for (a, b) and (b, a), and 0 only of equals.
pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    lane_sum(a, b, |a, b| {
        let difference = f64::from(a) - f64::from(b);
        difference * difference
    })
}

/// A power of two above `value`, so that dividing by it rounds nothing and products cannot overflow.
pub(super) fn power_of_two_above(value: f32) -> f64 {
    if value == 0.0 { 1.0 } else { f64::from(value).log2().floor().exp2() * 2.0 }
}

/// The sum of the singular values of a matrix (its nuclear norm). The matrix is used up.
///
/// # Shapes
/// `columns`: `[count, length]`, one column of the matrix behind the other.
pub(super) fn nuclear_norm(mut columns: Vec<f64>, length: usize) -> f64 {
    orthogonalise(&mut columns, length);
    columns.chunks_exact(length).map(|column| dot(column, column).sqrt()).sum()
}

/// A factor F of a symmetric positive semidefinite matrix S = F·Fᵀ: eigenvectors times the roots of eigenvalues.
/// Eigenvalues that are but rounding errors count as 0, so a singular matrix is nothing special.
///
/// # Shapes
/// `matrix`: `[size, size]`; returns `[size, size]`, one column of F behind the other.
pub(crate) fn factor(mut matrix: Vec<f64>, size: usize) -> Vec<f64> {
    let floor = orthogonalise(&mut matrix, size);
    for column in matrix.chunks_exact_mut(size) {
        // S·v = λ·v has the length λ, and the factor's column √λ·v is to have √λ.
        let squared = dot(column, column);
        let scale = if squared > floor { squared.powf(-0.25) } else { 0.0 };
        column.iter_mut().for_each(|value| *value *= scale);
    }
    matrix
}

/// Rotates columns until each pair is orthogonal to rounding. Returns the squared length below which a column is but
/// the rounding errors of the longest one.
fn orthogonalise(columns: &mut [f64], length: usize) -> f64 {
    let tolerance = f64::EPSILON * length as f64;
    let mut floor = 0.0;
    for _ in 0..MAX_SWEEPS {
        let mut squared: Vec<f64> = columns.chunks_exact(length).map(|column| dot(column, column)).collect();
        floor = squared.iter().copied().fold(0.0, f64::max) * tolerance * tolerance;
        let mut turned = false;
        for first in 0..squared.len() {
            for second in first + 1..squared.len() {
                let (head, tail) = columns.split_at_mut(second * length);
                let (a, b) = (&mut head[first * length..][..length], &mut tail[..length]);
                let product = dot(a, b);
                let (a_squared, b_squared) = (squared[first], squared[second]);
                let shorter = a_squared.min(b_squared);
                if shorter <= floor || product.abs() <= tolerance * (a_squared * b_squared).sqrt() {
                    continue;
                }
                turned = true;
                let tangent = rotate(a, b, (b_squared - a_squared) / (2.0 * product));
                squared[first] -= tangent * product;
                squared[second] += tangent * product;
            }
        }
        if !turned {
            break;
        }
    }
    floor
}

/// Turns two columns in their plane by the smaller angle after which they are orthogonal; returns its tangent.
fn rotate(a: &mut [f64], b: &mut [f64], cotangent_of_double: f64) -> f64 {
    let tangent = 1f64.copysign(cotangent_of_double) / (cotangent_of_double.abs() + cotangent_of_double.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = cosine * tangent;
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
    tangent
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The singular values of a 2×2 matrix have the squares' sum |A|² and the product |det A|.
        #[test]
        fn nuclear_norm_of_two_by_two(a in prop::array::uniform4(-10.0f64..10.0)) {
            let squares: f64 = a.iter().map(|v| v * v).sum();
            let expected = (squares + 2.0 * (a[0] * a[3] - a[1] * a[2]).abs()).sqrt();
            let found = nuclear_norm(a.to_vec(), 2);
            prop_assert!((found - expected).abs() <= 1e-12 * expected, "{found} against {expected}");
        }

        /// A matrix X·Xᵀ, singular where X has fewer columns than rows, is found again from its factor.
        #[test]
        fn a_factor_gives_the_matrix(size in 1usize..12, rank in 1usize..12, seed in any::<u64>()) {
            let mut x = vec![0f32; size * rank];
            crate::seed::fill_normal(seed, crate::seed::Purpose::FixedLatent, 0, &mut x);
            let x: Vec<f64> = x.into_iter().map(f64::from).collect();
            let row = |i: usize| &x[i * rank..][..rank];
            let matrix: Vec<f64> = (0..size * size).map(|at| dot(row(at / size), row(at % size))).collect();
            let found = factor(matrix.clone(), size);
            let scale = matrix.iter().copied().fold(0.0, f64::max);
            for (at, expected) in matrix.iter().enumerate() {
                let product: f64 = found.chunks(size).map(|column| column[at / size] * column[at % size]).sum();
                prop_assert!((product - expected).abs() <= 1e-12 * scale, "[{at}]: {product} against {expected}");
            }
        }
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(factor(vec![0.0; 9], 3), vec![0.0; 9]);
        assert_eq!(nuclear_norm(vec![0.0; 9], 3), 0.0);
    }

    #[test]
    fn long_sums_agree_with_short_ones() {
        for length in [0, 1, 7, 8, 9, 31] {
            let (a, b): (Vec<f32>, Vec<f32>) = (0..length).map(|i| (i as f32, (i * i) as f32)).unzip();
            let expected: f64 = a.iter().zip(&b).map(|(a, b)| f64::from((a - b).powi(2))).sum();
            assert_eq!(squared_distance(&a, &b), expected, "{length}");
        }
    }

    #[test]
    fn units_are_powers_of_two() {
        for (value, unit) in [(0.0, 1.0), (1.0, 2.0), (3.9, 4.0), (0.3, 0.5), (f32::MAX, 2f64.powi(128))] {
            assert_eq!(power_of_two_above(value), unit, "{value}");
        }
        assert!(power_of_two_above(f32::from_bits(1)) > 0.0);
    }
}
