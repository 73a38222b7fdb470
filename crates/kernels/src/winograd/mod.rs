//! The inner convolution with fewer multiplications: Winograd's minimal filtering on its polyphase form.
//!
//! # From stride 2 to stride 1
//! A 4×4 kernel that moves two pixels at a time meets even rows with its taps 0 and 2, odd rows with its taps
//! 1 and 3; columns likewise. Split the padded 16×16 upper map into its four *phases*, 8×8 each, side by side as
//! channels, and the convolution is an ordinary 2×2 one of stride 1 from 8×8×(4·32) to 7×7×64.
//!
//! # From four multiplications to two
//! Along one axis, two taps over a line d of inputs give the outputs `y[t] = g[0]·d[t] + g[1]·d[t+1]`. Read taps and
//! outputs as coefficients of polynomials, and the same numbers come from *values* of those polynomials at a few
//! points, multiplied one by one (Toom 1963, Cook 1966; for filters Winograd 1980; Lavin & Gray 2016). For four
//! outputs the points are 0, 1, −1, 2 and ∞, five products instead of eight; for three they are 0, 1, −1 and ∞, four
//! instead of six. 7 = 4 + 3, so a line of seven costs 9 products instead of 14, and a 7×7 map 81 instead of 196.
//!
//! An example with three outputs, d = (1, 2, 3, 4) and g = (10, 1). Directly: y = (12, 23, 34). By points:
//!
//! | point | of g: `g[0] + g[1]·α` | of d: `Bᵀd` | product |
//! | --- | --- | --- | --- |
//! | 0 | 10 | d0 − d2 = −2 | −20 |
//! | 1 | 11 | (d1 + d2)/2 = 2.5 | 27.5 |
//! | −1 | 9 | (d2 − d1)/2 = 0.5 | 4.5 |
//! | ∞ | 1 | d3 − d1 = 2 | 2 |
//!
//! and `Aᵀ` adds them up: y0 = −20 + 27.5 + 4.5 = 12, y1 = 27.5 − 4.5 = 23, y2 = 27.5 + 4.5 + 2 = 34.
//!
//! # One bilinear form, three layers
//! With V = Bᵀd of the upper map, U = G·g of the weights, both at every point, down is `Aᵀ(V·U)`. Its two adjoints need no
//! transforms but the same four and their transposes, so forward and backward passes share what they computed:
//!
//! | | points of | product, point by point | back |
//! | --- | --- | --- | --- |
//! | down | upper map: V = Bᵀd | V · U | Aᵀ |
//! | up | lower map: W = A·y | W · Uᵀ | B |
//! | weights | V and W, from the passes above | Vᵀ · W, summed over images | Gᵀ |
//!
//! In two dimensions every transform is applied along y, then along x. The products are matrix products: at each of
//! the 5·5 points, rows are images (and the tiles, of 4 and of 3 outputs, that meet at this point), columns and the
//! summed index are channels. They are nine tenths of the layer's operations and run on the one register tile of the crate.
//!
//! # How it lies
//! A map at points is `[81 products][channels]`, one image after the other. [`IMAGES_TOGETHER`] images go through the
//! products at once: at each point a tile's rows are those images, so that weights are read once for all of them.
//! Weights at points are cut into panels of 32 columns, `[point][panel][row][32]`, as a register tile reads them. Each
//! product's channels, and each point's weights, are followed by one unused cache line, lest all of them begin in the
//! same few sets of the cache.
//!
//! # In bfloat16
//! Down and up, the numbers at points may be rounded to 16 bits, two of which go through one instruction where the
//! processor has it: see `packed`.
//!
//! # What it costs in precision
//! Sums of products at points cancel where direct sums do not. On random maps and weights the largest error is about
//! eight times that of direct summation, 1.7·10⁻⁶ against 2·10⁻⁷ of the largest output. (Seven outputs by eight points,
//! 0, ±1, ±2, ±½ and ∞, would save another fifth of the products, for errors of 9·10⁻⁶.)

mod lines;
mod maps;
mod packed;
mod products;
mod weights;

use crate::shape::{BOTTOM_CHANNELS, MIDDLE_CHANNELS};
pub use packed::{PACKED_LOWER_POINTS, PACKED_UPPER_POINTS, PACKED_WEIGHT_POINTS};
pub use weights::{PHASES, phases, transpose_taps};

/// Points of one axis: 0, 1, 2, −1 and ∞.
const AXIS_POINTS: usize = 5;
/// Points of the plane.
const POINTS: usize = AXIS_POINTS * AXIS_POINTS;
/// Products of one line of seven outputs: four outputs cost 5, three cost 4.
const LINE: usize = 9;
/// Products of a map.
const PRODUCTS: usize = LINE * LINE;
/// Channels of the upper map's four phases.
const PHASE_CHANNELS: usize = 4 * MIDDLE_CHANNELS;
/// Columns of a panel of weights.
const PANEL: usize = crate::matrix::PANEL;
/// Unused numbers after each product's channels and each point's weights: a cache line.
const GAP: usize = 16;

/// Images that go through the products together.
pub const IMAGES_TOGETHER: usize = 8;
/// From one product of an upper map to the next.
const UPPER_PRODUCT: usize = PHASE_CHANNELS + GAP;
/// From one product of a lower map to the next.
const LOWER_PRODUCT: usize = BOTTOM_CHANNELS + GAP;

/// Elements of an upper map at points, `[81, 128]` and gaps.
pub const UPPER_POINTS: usize = PRODUCTS * UPPER_PRODUCT;
/// Elements of a lower map at points, `[81, 64]` and gaps.
pub const LOWER_POINTS: usize = PRODUCTS * LOWER_PRODUCT;
/// Elements of the weights at one point, `[128, 64]` in panels and a gap.
pub const POINT_WEIGHTS: usize = PHASE_CHANNELS * BOTTOM_CHANNELS + GAP;
/// Elements of the weights at all points, `[25, 2, 128, 32]` and gaps for down, `[25, 4, 64, 32]` and gaps for up.
pub const WEIGHT_POINTS: usize = POINTS * POINT_WEIGHTS;

/// How many tiles meet each point of an axis: the tile of four meets all five, the tile of three all but the point 2. With
/// that one in the middle, the first 12 points of the plane have 40 products and the other 13 have 41: two threads that take
/// half of the points each have as much to do.
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
const fn products_of(point: usize) -> (usize, usize) {
    let mut first = 0;
    let mut at = 0;
    while at < point {
        first += AXIS_TILES[at / AXIS_POINTS] * AXIS_TILES[at % AXIS_POINTS];
        at += 1;
    }
    (first, AXIS_TILES[point / AXIS_POINTS] * AXIS_TILES[point % AXIS_POINTS])
}

/// Which product of a map is that of the lines' products `y` and `x`.
const PRODUCT: [[usize; LINE]; LINE] = {
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
