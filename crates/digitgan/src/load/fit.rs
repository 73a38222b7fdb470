//! Bringing an image of any size to 28×28.
//!
//! An image of 28×28 is taken as it is. Any other is scaled, keeping its proportions, until its
//! longer side is 28 pixels (a triangle filter as wide as the scale, so that shrinking averages),
//! and put into the centre of a black square.

use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use image::imageops::{self, FilterType};
use image::{GrayImage, ImageBuffer, Luma};

/// Brings `pixels`, `[rows, columns]`, to `[28, 28]`.
///
/// # Panics
/// If there are not exactly `rows * columns` pixels, or none.
pub(super) fn to_square(pixels: &[u8], rows: usize, columns: usize) -> [u8; IMAGE_PIXELS] {
    assert_eq!(pixels.len(), rows * columns, "pixels of a {rows}x{columns} image");
    let mut square = [0; IMAGE_PIXELS];
    if (rows, columns) == (IMAGE_SIDE, IMAGE_SIDE) {
        square.copy_from_slice(pixels);
        return square;
    }
    let (height, width) = (scaled(rows, rows.max(columns)), scaled(columns, rows.max(columns)));
    let image = ImageBuffer::<Luma<u8>, _>::from_raw(columns as u32, rows as u32, pixels)
        .expect("the pixels were counted above");
    let small: GrayImage = imageops::resize(&image, width as u32, height as u32, FilterType::Triangle);
    let (top, left) = ((IMAGE_SIDE - height) / 2, (IMAGE_SIDE - width) / 2);
    for (row, line) in small.chunks_exact(width).enumerate() {
        let start = (top + row) * IMAGE_SIDE + left;
        square[start..start + width].copy_from_slice(line);
    }
    square
}

/// `side` in an image whose `longer` side becomes 28: rounded, and at least one pixel.
fn scaled(side: usize, longer: usize) -> usize {
    ((side * IMAGE_SIDE + longer / 2) / longer).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_size_is_left_alone() {
        let pixels: Vec<u8> = (0..IMAGE_PIXELS).map(|index| index as u8).collect();
        assert_eq!(to_square(&pixels, 28, 28).as_slice(), pixels);
    }

    #[test]
    fn other_sizes_are_scaled_and_centred() {
        for (rows, columns, expected_rows, expected_columns) in
            [(56, 56, 28, 28), (14, 14, 28, 28), (56, 28, 28, 14), (10, 40, 7, 28), (1000, 1, 28, 1)]
        {
            let square = to_square(&vec![200; rows * columns], rows, columns);
            let inked = square.iter().filter(|&&pixel| pixel == 200).count();
            assert_eq!(inked, expected_rows * expected_columns, "{rows}x{columns}");
            let blank = square.iter().filter(|&&pixel| pixel == 0).count();
            assert_eq!(inked + blank, IMAGE_PIXELS, "{rows}x{columns}");
            assert_eq!(square[14 * IMAGE_SIDE + 13].max(square[14 * IMAGE_SIDE + 14]), 200);
        }
    }
}
