//! Matrix products of the fully connected layers.
//!
//! Their weights are matrices of a few rows and many columns. They are kept in *panels* of [`PANEL`] columns,
//! `[columns / 32][rows][32]`: a register tile walks down one panel and meets its numbers one behind the other, where
//! in a plain matrix every step would lie in another page of memory. Activations stay plain, `[images][columns]`.

use crate::Kernels;
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// Columns of a panel.
pub const PANEL: usize = 32;
/// Rows of the register tile.
pub(crate) const TILE_ROWS: usize = 8;
/// Images whose activations are packed into a panel at once in [`Kernels::matrix_gradient`]: 16 KiB.
const IMAGES_PACKED: usize = 128;

/// Calls `$body` for tiles that cover `$rows` rows: as many of eight as there are, then one of what is left.
macro_rules! for_row_tiles {
    ($rows:expr, |$row:ident, $count:ident| $body:expr) => {{
        let mut $row = 0;
        while $row + $crate::matrix::TILE_ROWS <= $rows {
            const $count: usize = $crate::matrix::TILE_ROWS;
            $body;
            $row += $crate::matrix::TILE_ROWS;
        }
        match $rows - $row {
            0 => {}
            1 => {
                const $count: usize = 1;
                $body
            }
            2 => {
                const $count: usize = 2;
                $body
            }
            3 => {
                const $count: usize = 3;
                $body
            }
            4 => {
                const $count: usize = 4;
                $body
            }
            5 => {
                const $count: usize = 5;
                $body
            }
            6 => {
                const $count: usize = 6;
                $body
            }
            _ => {
                const $count: usize = 7;
                $body
            }
        }
    }};
}
pub(crate) use for_row_tiles;

impl Kernels {
    /// `c[m, n] = Σ_k a[m, k] · b[k, n]`: from the inputs of a layer to its outputs.
    ///
    /// # Shapes
    /// `a`: `[rows, depth]`; `b`: in panels, `[columns / 32, depth, 32]`; `c`: `[rows, columns]`.
    pub fn matrix_product(self, a: &[f32], b: &[f32], c: &mut [f32], columns: usize) {
        let (rows, depth) = (c.len() / columns, b.len() / columns);
        assert!(columns.is_multiple_of(PANEL) && rows > 0 && depth > 0);
        assert_eq!((a.len(), b.len(), c.len()), (rows * depth, depth * columns, rows * columns));
        self.run(Product { a, b, c, rows, depth, columns });
    }

    /// Some panels of the gradient of a layer's weights, summed over images: `gradient[m, n] = Σ_i a[i, m] · b[i, n]`;
    /// added to what is there if `adds`.
    ///
    /// # Shapes
    /// `a`: `[images, rows]`; `b`: `[images, columns]`; `gradient`: panels from `first_panel` on, `[_, rows, 32]`.
    pub fn matrix_gradient(
        self,
        a: &[f32],
        b: &[f32],
        images: usize,
        first_panel: usize,
        adds: bool,
        gradient: &mut [f32],
    ) {
        assert!(images > 0);
        let (rows, columns) = (a.len() / images, b.len() / images);
        assert_eq!((a.len(), b.len()), (images * rows, images * columns));
        let panels = gradient.len() / (rows * PANEL);
        assert!(gradient.len() == panels * rows * PANEL && (first_panel + panels) * PANEL <= columns);
        self.run(Gradient { a, b, images, rows, columns, first_panel, adds, gradient });
    }
}

struct Product<'a> {
    a: &'a [f32],
    b: &'a [f32],
    c: &'a mut [f32],
    rows: usize,
    depth: usize,
    columns: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { a, b, c, rows, depth, columns } = self;
        let walks = [Walk::ONCE, Walk::ONCE, Walk::new(depth, 1, PANEL)];
        for (panel, b) in b.chunks_exact(depth * PANEL).enumerate() {
            for_row_tiles!(rows, |row, ROWS| {
                // SAFETY: `matrix_product` checked the lengths; a tile is rows below `rows` and the 32 columns of the
                // panel, and walks down its `depth` rows.
                unsafe {
                    let (a, c) = (a.as_ptr().add(row * depth), c.as_mut_ptr().add(row * columns + panel * PANEL));
                    let (a_row, c_row) = (|i: usize| i * depth, |i: usize| i * columns);
                    strip::<S, ROWS>(simd, PANEL, a, a_row, b.as_ptr(), c, c_row, walks, false);
                }
            });
        }
    }
}

struct Gradient<'a> {
    a: &'a [f32],
    b: &'a [f32],
    images: usize,
    rows: usize,
    columns: usize,
    first_panel: usize,
    adds: bool,
    gradient: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Gradient { a, b, images, rows, columns, first_panel, adds, gradient } = self;
        let mut packed = [[0f32; PANEL]; IMAGES_PACKED];
        for (panel, gradient) in gradient.chunks_exact_mut(rows * PANEL).enumerate() {
            for start in (0..images).step_by(IMAGES_PACKED) {
                let count = IMAGES_PACKED.min(images - start);
                let lines = b[start * columns..].chunks_exact(columns);
                for (packed, line) in packed.iter_mut().zip(lines.take(count)) {
                    *packed = line.as_chunks::<PANEL>().0[first_panel + panel];
                }
                let walks = [Walk::ONCE, Walk::ONCE, Walk::new(count, rows, PANEL)];
                let adds = adds || start > 0;
                for_row_tiles!(rows, |row, ROWS| {
                    // SAFETY: `matrix_gradient` checked the lengths: `a` is `images · rows`, a panel `rows · 32`;
                    // `count` images are packed.
                    unsafe {
                        let a = a.as_ptr().add(start * rows + row);
                        let c = gradient.as_mut_ptr().add(row * PANEL);
                        let c_row = |i: usize| i * PANEL;
                        strip::<S, ROWS>(simd, PANEL, a, |i| i, packed.as_flattened().as_ptr(), c, c_row, walks, adds);
                    }
                });
            }
        }
    }
}

/// Writes some of the transpose of a matrix in panels, itself in panels: blocks of 32×32 from `first` on, counted as
/// they lie in the transpose. So the weights of a layer serve both directions.
///
/// # Shapes
/// `matrix`: `[columns / 32, rows, 32]`; `blocks`: some blocks of `[rows / 32, columns / 32, 32, 32]`.
pub fn transpose_panels(matrix: &[f32], rows: usize, first: usize, blocks: &mut [f32]) {
    const BLOCK: usize = PANEL * PANEL;
    assert!(rows.is_multiple_of(PANEL) && matrix.len().is_multiple_of(rows * PANEL));
    assert!(blocks.len().is_multiple_of(BLOCK) && first * BLOCK + blocks.len() <= matrix.len());
    let panels = matrix.len() / (rows * PANEL);
    for (block, transposed) in (first..).zip(blocks.chunks_exact_mut(BLOCK)) {
        let from = (block % panels * rows + block / panels * PANEL) * PANEL;
        transpose(&matrix[from..][..BLOCK], PANEL, PANEL, transposed);
    }
}

/// Writes the transpose of `matrix`, `[rows, columns]`, to `transposed`, `[columns, rows]`, in blocks of 16×16, so that
/// both sides are touched a cache line at a time.
pub fn transpose(matrix: &[f32], rows: usize, columns: usize, transposed: &mut [f32]) {
    const BLOCK: usize = 16;
    assert_eq!((matrix.len(), transposed.len()), (rows * columns, rows * columns));
    for row0 in (0..rows).step_by(BLOCK) {
        for column0 in (0..columns).step_by(BLOCK) {
            let (row_end, column_end) = ((row0 + BLOCK).min(rows), (column0 + BLOCK).min(columns));
            if row_end - row0 == BLOCK && column_end - column0 == BLOCK {
                for row in (row0..row_end).step_by(4) {
                    for column in (column0..column_end).step_by(4) {
                        transpose_four(
                            &matrix[row * columns + column..],
                            columns,
                            &mut transposed[column * rows + row..],
                            rows,
                        );
                    }
                }
                continue;
            }
            for column in column0..column_end {
                for row in row0..row_end {
                    transposed[column * rows + row] = matrix[row * columns + column];
                }
            }
        }
    }
}

/// Transposes a square of four by four, whose rows begin `from_row` and `to_row` numbers apart: few enough for
/// registers.
#[inline]
fn transpose_four(from: &[f32], from_row: usize, to: &mut [f32], to_row: usize) {
    let rows: [[f32; 4]; 4] = std::array::from_fn(|row| *from[row * from_row..].first_chunk().expect("four numbers"));
    for column in 0..4 {
        to[column * to_row..][..4].copy_from_slice(&rows.map(|row| row[column]));
    }
}
