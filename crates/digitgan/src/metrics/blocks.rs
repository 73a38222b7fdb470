//! Products of every sample of one set with every sample of another, a few rows at a time.
//!
//! The products are f32, by the kernels that training uses. At no time is there more of the matrix of products than
//! [`ROWS`] rows per thread.

use aligned_vec::{AVec, ConstAlign, avec};
use digitgan_kernels::{Kernels, PANEL, transpose};
use rayon::prelude::*;

/// Rows of products computed at once: with 10,000 columns, 1.3 MB.
const ROWS: usize = 32;

type Buffer = AVec<f32, ConstAlign<64>>;

/// A set of samples as the right side of products: panels of 32 samples, the last filled up with zeros.
pub(super) struct Panels {
    values: Buffer,
    count: usize,
    dimensions: usize,
}

impl Panels {
    /// # Shapes
    /// `samples`: `[count, dimensions]`.
    pub(super) fn new(samples: &[f32], dimensions: usize) -> Self {
        let panel = PANEL * dimensions;
        let mut values = avec![[64]| 0.0; samples.len().div_ceil(panel) * panel];
        for (samples, packed) in samples.chunks(panel).zip(values.chunks_exact_mut(panel)) {
            if samples.len() == panel {
                transpose(samples, PANEL, dimensions, packed);
                continue;
            }
            for (i, sample) in samples.chunks_exact(dimensions).enumerate() {
                sample.iter().enumerate().for_each(|(k, &value)| packed[k * PANEL + i] = value);
            }
        }
        Panels { values, count: samples.len() / dimensions, dimensions }
    }

    fn columns(&self) -> usize {
        self.values.len() / self.dimensions
    }

    /// Room for the products of [`ROWS`] rows.
    fn room(&self) -> Buffer {
        avec![[64]| 0.0; ROWS * self.columns()]
    }

    /// Calls `visit` with the index of each of some rows and its products, `[count]`.
    fn visit(
        &self,
        kernels: Kernels,
        rows: &[f32],
        first: usize,
        room: &mut Buffer,
        mut visit: impl FnMut(usize, &[f32]),
    ) {
        let columns = self.columns();
        let products = &mut room[..rows.len() / self.dimensions * columns];
        kernels.matrix_product(rows, &self.values, products, columns);
        for (index, products) in (first..).zip(products.chunks_exact(columns)) {
            visit(index, &products[..self.count]);
        }
    }

    /// Calls `visit` with the index of each row and its products with all samples, `[count]`, one after the other.
    pub(super) fn each_row(&self, kernels: Kernels, rows: &[f32], mut visit: impl FnMut(usize, &[f32])) {
        let mut room = self.room();
        for (block, rows) in rows.chunks(ROWS * self.dimensions).enumerate() {
            self.visit(kernels, rows, block * ROWS, &mut room, &mut visit);
        }
    }

    /// The same on all threads, in no order; returns the answers in that of the rows.
    pub(super) fn map_rows<R: Send>(
        &self,
        kernels: Kernels,
        rows: &[f32],
        visit: impl Fn(usize, &[f32]) -> R + Sync,
    ) -> Vec<R> {
        let blocks = rows.par_chunks(ROWS * self.dimensions).enumerate().map_init(
            || self.room(),
            |room, (block, rows)| {
                let mut answers = Vec::with_capacity(ROWS);
                self.visit(kernels, rows, block * ROWS, room, |row, products| answers.push(visit(row, products)));
                answers
            },
        );
        blocks.collect::<Vec<_>>().into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_plain_sums() {
        for (rows, count, dimensions) in [(1, 1, 1), (33, 32, 5), (70, 67, 12)] {
            let left: Vec<f32> = (0..rows * dimensions).map(|i| (i % 7) as f32 - 3.0).collect();
            let right: Vec<f32> = (0..count * dimensions).map(|i| (i % 5) as f32 - 1.0).collect();
            let expected = |row: usize| -> Vec<f32> {
                let row = &left[row * dimensions..][..dimensions];
                right.chunks(dimensions).map(|column| row.iter().zip(column).map(|(a, b)| a * b).sum()).collect()
            };
            let panels = Panels::new(&right, dimensions);
            for kernels in Kernels::available() {
                let found = panels.map_rows(kernels, &left, |row, products| (row, products.to_vec()));
                assert_eq!(found, (0..rows).map(|row| (row, expected(row))).collect::<Vec<_>>(), "{kernels:?}");
                let mut one_by_one = Vec::new();
                panels.each_row(kernels, &left, |row, products| one_by_one.push((row, products.to_vec())));
                assert_eq!(found, one_by_one);
            }
        }
    }
}
