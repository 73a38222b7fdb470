//! Products of the fully connected layers, and transpositions.

use crate::support::{assert_close, numbers};
use digitgan_kernels::{Kernels, PANEL, transpose, transpose_panels};
use proptest::prelude::*;

/// Where element `(row, column)` of a matrix of `rows` rows lies in panels.
fn in_panels(rows: usize, row: usize, column: usize) -> usize {
    (column / PANEL * rows + row) * PANEL + column % PANEL
}

fn wide(value: f32) -> f64 {
    f64::from(value)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn product_of_any_size(rows in 1usize..21, depth in 1usize..1100, panels in 1usize..4) {
        let columns = panels * PANEL;
        let (a, b) = (numbers(rows * depth, 10), numbers(depth * columns, 11));
        let expected: Vec<f64> = (0..rows * columns)
            .map(|i| {
                let (m, n) = (i / columns, i % columns);
                (0..depth).map(|k| wide(a[m * depth + k]) * wide(b[in_panels(depth, k, n)])).sum()
            })
            .collect();
        for kernels in Kernels::available() {
            let mut c = vec![f32::NAN; rows * columns];
            kernels.matrix_product(&a, &b, &mut c, columns);
            assert_close("matrix_product", kernels, &c, &expected);
            // A row alone gives the same bits as among others.
            let mut last = vec![f32::NAN; columns];
            kernels.matrix_product(&a[(rows - 1) * depth..], &b, &mut last, columns);
            prop_assert_eq!(&last, &c[(rows - 1) * columns..]);
        }
    }

    #[test]
    fn gradient_of_any_size(images in 1usize..300, rows in 1usize..40, panels in 1usize..4) {
        let columns = panels * PANEL;
        let (a, b) = (numbers(images * rows, 12), numbers(images * columns, 13));
        let before = numbers(rows * columns, 14);
        let mut expected: Vec<f64> = before.iter().copied().map(wide).collect();
        for (m, n) in (0..rows).flat_map(|m| (0..columns).map(move |n| (m, n))) {
            let sum: f64 = (0..images).map(|i| wide(a[i * rows + m]) * wide(b[i * columns + n])).sum();
            expected[in_panels(rows, m, n)] += sum;
        }
        for kernels in Kernels::available() {
            let mut whole = before.clone();
            kernels.matrix_gradient(&a, &b, images, 0, true, &mut whole);
            assert_close("matrix_gradient", kernels, &whole, &expected);
            let mut split = before.clone();
            for (panel, gradient) in split.chunks_mut(rows * PANEL).enumerate() {
                kernels.matrix_gradient(&a, &b, images, panel, true, gradient);
            }
            prop_assert_eq!(&whole, &split);
            let (mut anew, mut over_zeros) = (vec![f32::NAN; before.len()], vec![0.0; before.len()]);
            kernels.matrix_gradient(&a, &b, images, 0, false, &mut anew);
            kernels.matrix_gradient(&a, &b, images, 0, true, &mut over_zeros);
            prop_assert_eq!(&anew, &over_zeros, "what was there counts for nothing");
        }
    }
}

#[test]
fn a_matrix_is_transposed() {
    const ROWS: usize = 21;
    const COLUMNS: usize = 37;
    let matrix = numbers(ROWS * COLUMNS, 30);
    let mut transposed = vec![0.0; ROWS * COLUMNS];
    transpose(&matrix, ROWS, COLUMNS, &mut transposed);
    for (i, &value) in matrix.iter().enumerate() {
        assert_eq!(transposed[i % COLUMNS * ROWS + i / COLUMNS], value);
    }
}

#[test]
fn panels_are_transposed_whole_and_in_parts() {
    const ROWS: usize = 3 * PANEL;
    const COLUMNS: usize = 5 * PANEL;
    const BLOCK: usize = PANEL * PANEL;
    let matrix = numbers(ROWS * COLUMNS, 31);
    let mut whole = vec![0.0; ROWS * COLUMNS];
    transpose_panels(&matrix, ROWS, 0, &mut whole);
    for (row, column) in (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column))) {
        assert_eq!(whole[in_panels(COLUMNS, column, row)], matrix[in_panels(ROWS, row, column)]);
    }
    let mut part = vec![0.0; 4 * BLOCK];
    transpose_panels(&matrix, ROWS, 7, &mut part);
    assert_eq!(part, whole[7 * BLOCK..11 * BLOCK]);
}
