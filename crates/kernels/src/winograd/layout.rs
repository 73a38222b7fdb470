//! The Winograd domain: its points and products, and where each lies in a buffer. [`super`] explains them.

use crate::shape::{BOTTOM_CHANNELS, MIDDLE_CHANNELS};

/// Winograd's interpolation points of one axis: 0, 1, 2, −1 and ∞.
pub(super) const AXIS_POINTS: usize = 5;
/// Points of the plane.
pub(super) const POINTS: usize = AXIS_POINTS * AXIS_POINTS;
/// Products of one line of seven outputs: four outputs cost 5, three cost 4.
pub(super) const LINE: usize = 9;
/// Products of a map.
pub(super) const PRODUCTS: usize = LINE * LINE;
/// Channels of the upper map's four phases.
pub(super) const PHASE_CHANNELS: usize = 4 * MIDDLE_CHANNELS;
/// Columns of a panel of weights.
pub(super) const PANEL: usize = crate::matrix::PANEL;
/// Unused numbers after each product's channels and each point's weights: a cache line.
pub(super) const GAP: usize = 16;

/// Images that go through the products together.
pub const IMAGES_TOGETHER: usize = 8;
/// From one product of an upper map to the next.
pub(super) const UPPER_PRODUCT: usize = PHASE_CHANNELS + GAP;
/// From one product of a lower map to the next.
pub(super) const LOWER_PRODUCT: usize = BOTTOM_CHANNELS + GAP;

/// Elements of an upper map in the Winograd domain, `[81, 128]` and gaps.
pub const TRANSFORMED_UPPER: usize = PRODUCTS * UPPER_PRODUCT;
/// Elements of a lower map in the Winograd domain, `[81, 64]` and gaps.
pub const TRANSFORMED_LOWER: usize = PRODUCTS * LOWER_PRODUCT;
/// Elements of the weights at one point, `[128, 64]` in panels and a gap.
pub const POINT_WEIGHTS: usize = PHASE_CHANNELS * BOTTOM_CHANNELS + GAP;
/// Elements of the weights in the Winograd domain, `[25, 2, 128, 32]` and gaps for down, `[25, 4, 64, 32]` and gaps for
/// up.
pub const TRANSFORMED_WEIGHTS: usize = POINTS * POINT_WEIGHTS;

/// How many tiles meet each point of an axis: the tile of four meets all five, the tile of three all but the point 2.
/// With that one in the middle, the first 12 points of the plane have 40 products and the other 13 have 41: two threads
/// that take half of the points each have as much to do.
const AXIS_TILES: [usize; AXIS_POINTS] = [2, 2, 1, 2, 2];

/// The point of an axis that a line's product belongs to, and which of its tiles it is.
const fn place_in_line(product: usize) -> (usize, usize) {
    let (mut point, mut tile) = (0, product);
    while tile >= AXIS_TILES[point] {
        tile -= AXIS_TILES[point];
        point += 1;
    }
    (point, tile)
}

/// The products of a map that belong to point `(y, x)`, counted `5y + x`: the first, and how many.
pub(super) const fn products_of(point: usize) -> (usize, usize) {
    let mut first = 0;
    let mut at = 0;
    while at < point {
        first += AXIS_TILES[at / AXIS_POINTS] * AXIS_TILES[at % AXIS_POINTS];
        at += 1;
    }
    (first, AXIS_TILES[point / AXIS_POINTS] * AXIS_TILES[point % AXIS_POINTS])
}

/// Which product of a map is that of the lines' products `y` and `x`.
pub(super) const PRODUCT: [[usize; LINE]; LINE] = {
    let mut table = [[0; LINE]; LINE];
    let mut y = 0;
    while y < LINE {
        let mut x = 0;
        while x < LINE {
            let ((point_y, tile_y), (point_x, tile_x)) = (place_in_line(y), place_in_line(x));
            let (first, _) = products_of(point_y * AXIS_POINTS + point_x);
            table[y][x] = first + tile_y * AXIS_TILES[point_x] + tile_x;
            x += 1;
        }
        y += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_of_a_map_has_its_place() {
        let mut seen = [false; PRODUCTS];
        for product in PRODUCT.iter().flatten() {
            assert!(!seen[*product]);
            seen[*product] = true;
        }
        let (first, count) = products_of(POINTS - 1);
        assert_eq!(first + count, PRODUCTS);
        let (half, _) = products_of(POINTS / 2);
        assert_eq!(half, PRODUCTS / 2, "two threads have as much to do");
    }
}
