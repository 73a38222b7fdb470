//! Matrix products of the fully connected layers, and the transposition that prepares them.

use crate::Kernels;
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// The number of columns of a product is a multiple of this.
pub const COLUMN_STEP: usize = 32;
/// Rows of the register tile.
const TILE_ROWS: usize = 8;
/// Summed indices in one pass: a strip of 32 columns of `b` this long (64 KiB) stays in the L2 cache.
const DEPTH_IN_CACHE: usize = 512;

/// A matrix whose element `(row, column)` lies at `row · row_step + column · column_step`:
/// one description for a matrix, its transpose and a part of either.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// From a row to the next.
    pub row_step: usize,
    /// From a column to the next.
    pub column_step: usize,
}

impl Kernels {
    /// `c[m, n] (+)= Σ_k a[m, k] · b[k, n]`.
    ///
    /// # Shapes
    /// `a`: `rows × depth`; `b`: `[depth, columns]`; `c`: `[rows, columns]`; `columns` is a multiple of
    /// [`COLUMN_STEP`]. `rows` and `depth` are free.
    pub fn matrix_product(self, a: Strided<'_>, b: &[f32], c: &mut [f32], columns: usize, accumulate: bool) {
        assert!(columns.is_multiple_of(COLUMN_STEP) && columns > 0);
        assert_eq!((b.len() % columns, c.len() % columns), (0, 0));
        let (rows, depth) = (c.len() / columns, b.len() / columns);
        assert!(rows > 0 && depth > 0);
        assert!((rows - 1) * a.row_step + (depth - 1) * a.column_step < a.data.len());
        self.run(Product { a, b, c, rows, depth, columns, accumulate });
    }
}

struct Product<'a> {
    a: Strided<'a>,
    b: &'a [f32],
    c: &'a mut [f32],
    rows: usize,
    depth: usize,
    columns: usize,
    accumulate: bool,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { a, b, c, rows, depth, columns, accumulate } = self;
        for start in (0..depth).step_by(DEPTH_IN_CACHE) {
            let steps = DEPTH_IN_CACHE.min(depth - start);
            let walks = [Walk::ONCE, Walk::ONCE, Walk::new(steps, a.column_step, columns)];
            let accumulate = accumulate || start > 0;
            for column in (0..columns).step_by(COLUMN_STEP) {
                let a_row = |row: usize| row * a.row_step;
                let c_row = |row: usize| row * columns;
                let mut row = 0;
                // SAFETY: `matrix_product` checked that A holds rows × depth elements, that B and C are
                // depth × columns and rows × columns; a strip is 32 columns of them, tiles stay below `rows`.
                unsafe {
                    let b = b.as_ptr().add(start * columns + column);
                    let a_at = |row: usize| a.data.as_ptr().add(row * a.row_step + start * a.column_step);
                    let c = c.as_mut_ptr().add(column);
                    while row + TILE_ROWS <= rows {
                        let c = c.add(row * columns);
                        strip::<S, TILE_ROWS>(simd, COLUMN_STEP, a_at(row), a_row, b, c, c_row, walks, accumulate);
                        row += TILE_ROWS;
                    }
                    while row < rows {
                        let c = c.add(row * columns);
                        strip::<S, 1>(simd, COLUMN_STEP, a_at(row), a_row, b, c, c_row, walks, accumulate);
                        row += 1;
                    }
                }
            }
        }
    }
}

/// Writes the transpose of `matrix`, `[rows, columns]`, to `transposed`, `[columns, rows]`.
pub fn transpose(matrix: &[f32], rows: usize, columns: usize, transposed: &mut [f32]) {
    assert_eq!(transposed.len(), rows * columns);
    transpose_columns(matrix, rows, columns, 0, transposed);
}

/// Writes columns of `matrix`, `[rows, columns]`, from `first` on as the rows of `transposed`, `[_, rows]`.
///
/// In blocks of 16×16, so that both sides are touched a cache line at a time.
pub fn transpose_columns(matrix: &[f32], rows: usize, columns: usize, first: usize, transposed: &mut [f32]) {
    const BLOCK: usize = 16;
    let count = transposed.len() / rows;
    assert_eq!((matrix.len(), transposed.len()), (rows * columns, rows * count));
    assert!(first + count <= columns);
    for row0 in (0..rows).step_by(BLOCK) {
        for column0 in (0..count).step_by(BLOCK) {
            for column in column0..(column0 + BLOCK).min(count) {
                let line = &mut transposed[column * rows..][..rows];
                for row in row0..(row0 + BLOCK).min(rows) {
                    line[row] = matrix[row * columns + first + column];
                }
            }
        }
    }
}
