//! The inner convolution with fewer multiplications: Winograd's minimal filtering on its polyphase form.
//!
//! # From stride 2 to stride 1
//! A 4×4 kernel that moves two pixels at a time meets even rows with its filter taps 0 and 2, odd rows with its
//! filter taps 1 and 3; columns likewise. Split the padded 16×16 upper map into its four *phases*, 8×8 each, side by
//! side as channels, and the convolution is an ordinary 2×2 one of stride 1 from 8×8×(4·32) to 7×7×64.
//!
//! # From four multiplications to two
//! Along one axis, two filter taps over a line d of inputs give the outputs `y[t] = g[0]·d[t] + g[1]·d[t+1]`. Read taps
//! and outputs as coefficients of polynomials, and the same numbers come from *values* of those polynomials at a few
//! points, multiplied one by one (Toom 1963, Cook 1966; for filters Winograd 1980; Lavin & Gray 2016). For four outputs
//! the points are 0, 1, −1, 2 and ∞, five products instead of eight; for three they are 0, 1, −1 and ∞, four instead of
//! six. 7 = 4 + 3, so a line of seven costs 9 products instead of 14, and a 7×7 map 81 instead of 196.
//!
//! An example with three outputs, d = (1, 2, 3, 4) and g = (10, 1). Directly: y = (12, 23, 34). By Winograd's points:
//!
//! | point α | filter transform of g: `g[0] + g[1]·α` | input transform of d: `Bᵀd` | product |
//! | --- | --- | --- | --- |
//! | 0 | 10 | d0 − d2 = −2 | −20 |
//! | 1 | 11 | (d1 + d2)/2 = 2.5 | 27.5 |
//! | −1 | 9 | (d2 − d1)/2 = 0.5 | 4.5 |
//! | ∞ | 1 | d3 − d1 = 2 | 2 |
//!
//! and the output transform `Aᵀ` adds them up: y0 = −20 + 27.5 + 4.5 = 12, y1 = 27.5 − 4.5 = 23,
//! y2 = 27.5 + 4.5 + 2 = 34.
//!
//! # One bilinear form, three layers
//! The values at the points are the *Winograd domain*. With the input transform V = Bᵀd of the upper map and the filter
//! transform U = G·g of the weights, the convolution (down) is `Aᵀ(V·U)`, where Aᵀ is the output transform. The
//! transposed convolution (up) and the gradient of the weights are its adjoints: they need the same transforms and
//! their transposes, so forward and backward passes share what they computed:
//!
//! | | into the Winograd domain | product, point by point | back |
//! | --- | --- | --- | --- |
//! | down | upper map: V = Bᵀd | V · U | Aᵀ |
//! | up | lower map: W = A·y | W · Uᵀ | B |
//! | gradient of the weights | V and W, from the passes above | Vᵀ · W, summed over images | Gᵀ |
//!
//! In two dimensions every transform is applied along y, then along x. The products are matrix products: at each of
//! the 5·5 points, rows are images (and the tiles, of 4 and of 3 outputs, that have this point), columns and the
//! summed index are channels. They are nine tenths of the layer's operations and run on the crate's one micro-kernel
//! (`tile`).
//!
//! # Memory layout
//! A map in the Winograd domain is `[81 products][channels]`, one image after the other. [`IMAGES_TOGETHER`] images go
//! through the products at once: at each point the rows of a register tile are those images, so that weights are read
//! once for all of them. Transformed weights are cut into panels of 32 columns, `[point][panel][row][32]`, in the order
//! in which the micro-kernel reads them. Each product's channels, and each point's weights, are followed by one unused
//! cache line: without it, all of them would begin in the same few sets of the cache and evict each other.
//!
//! # In bfloat16
//! Down and up, the numbers in the Winograd domain may be rounded to 16 bits, two of which go through one instruction
//! where the processor has it: see `packed`.
//!
//! # What it costs in precision
//! The output transform adds products that cancel where direct sums do not. On random maps and weights the largest
//! error is about eight times that of direct summation, 1.7·10⁻⁶ against 2·10⁻⁷ of the largest output. (Seven outputs
//! by eight points, 0, ±1, ±2, ±½ and ∞, would save another fifth of the products, for errors of 9·10⁻⁶.)

mod filter_transforms;
mod layout;
mod line_transforms;
mod map_transforms;
mod packed;
mod products;

pub use filter_transforms::{PHASES, phases, transpose_filter_taps};
pub use layout::{IMAGES_TOGETHER, POINT_WEIGHTS, TRANSFORMED_LOWER, TRANSFORMED_UPPER, TRANSFORMED_WEIGHTS};
pub use packed::{PACKED_LOWER, PACKED_UPPER, PACKED_WEIGHTS};
