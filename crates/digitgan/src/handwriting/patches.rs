//! The patches of ink that a digit is made of.

use crate::IMAGE_SIDE;

/// Which pixels belong to a patch: a bit per column of each row.
pub(super) type Mask = [u32; IMAGE_SIDE];

/// The patches of pixels that are at least so light and touch each other, also by their corners.
///
/// # Shapes
/// `image`: `[28, 28]`.
pub(super) fn patches(image: &[u8], least: u8) -> Vec<Mask> {
    let mut left: Mask = [0; IMAGE_SIDE];
    for (mask, row) in left.iter_mut().zip(image.chunks_exact(IMAGE_SIDE)) {
        *mask = row.iter().rev().fold(0, |mask, &pixel| mask << 1 | u32::from(pixel >= least));
    }
    let mut found = Vec::new();
    while let Some(row) = left.iter().position(|&mask| mask != 0) {
        let mut patch: Mask = [0; IMAGE_SIDE];
        patch[row] = left[row] & left[row].wrapping_neg();
        while grow(&mut patch, &left, 0..IMAGE_SIDE) | grow(&mut patch, &left, (0..IMAGE_SIDE).rev()) {}
        left.iter_mut().zip(&patch).for_each(|(left, patch)| *left &= !patch);
        found.push(patch);
    }
    found
}

/// Adds to a patch what touches it, row after row; says whether that was anything.
fn grow(patch: &mut Mask, ink: &Mask, rows: impl Iterator<Item = usize>) -> bool {
    let mut has_grown = false;
    for row in rows {
        let beside = |row: usize| patch.get(row).copied().unwrap_or(0);
        let near = beside(row) | beside(row.wrapping_sub(1)) | beside(row + 1);
        let grown = (near | near << 1 | near >> 1) & ink[row] | patch[row];
        has_grown |= grown != patch[row];
        patch[row] = grown;
    }
    has_grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_is_one_patch() {
        let picture = |rows: [&str; 5]| {
            let mut image = [0u8; IMAGE_SIDE * IMAGE_SIDE];
            for (y, row) in rows.iter().enumerate() {
                row.bytes().enumerate().for_each(|(x, c)| image[y * IMAGE_SIDE + x] = if c == b'#' { 200 } else { 90 });
            }
            image
        };
        for (rows, count) in [
            (["     ", "     ", "     ", "     ", "     "], 0),
            (["#####", "#   #", "# # #", "#    ", "#####"], 2),
            (["#   #", " # # ", "  #  ", " # # ", "#   #"], 1),
            (["# # #", "     ", "# # #", "     ", "#####"], 7),
            (["#####", "    #", "### #", "#   #", "#####"], 1),
        ] {
            assert_eq!(patches(&picture(rows), 128).len(), count, "{rows:?}");
        }
    }
}
