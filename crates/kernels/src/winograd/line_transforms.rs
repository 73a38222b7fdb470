//! Winograd's transforms along one axis, and their adjoints (transposes).
//!
//! A line has 8 inputs and 7 outputs, cut into a tile of four outputs (inputs 0 to 4) and a tile of three (inputs 4
//! to 7). Its 9 products are numbered by point, tile of four first:
//!
//! | product | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | point | 0 | 0 | 1 | 1 | 2 | −1 | −1 | ∞ | ∞ |
//! | tile of | 4 | 3 | 4 | 3 | 4 | 4 | 3 | 4 | 3 |

use super::layout::LINE;
use crate::tile::multiply_add;
use pulp::Simd;

/// Vector arithmetic in short.
#[derive(Clone, Copy)]
struct Vectors<S: Simd>(S);

impl<S: Simd> Vectors<S> {
    #[inline(always)]
    fn add(self, a: S::f32s, b: S::f32s) -> S::f32s {
        self.0.add_f32s(a, b)
    }

    #[inline(always)]
    fn sub(self, a: S::f32s, b: S::f32s) -> S::f32s {
        self.0.sub_f32s(a, b)
    }

    #[inline(always)]
    fn scale(self, factor: f32, a: S::f32s) -> S::f32s {
        self.0.mul_f32s(self.0.splat_f32s(factor), a)
    }

    /// `factor · a + b`.
    #[inline(always)]
    fn scale_add(self, factor: f32, a: S::f32s, b: S::f32s) -> S::f32s {
        multiply_add(self.0, self.0.splat_f32s(factor), a, b)
    }
}

/// Bᵀ, the input transform: a line of the upper map into the Winograd domain. The columns of B interpolate: each is a
/// polynomial that is 1 at its own point and 0 at the others.
#[inline(always)]
pub(super) fn input_transform<S: Simd>(simd: S, d: [S::f32s; 8]) -> [S::f32s; LINE] {
    let v = Vectors(simd);
    let a = v.sub(d[1], d[3]);
    let half = v.scale(0.5, d[2]);
    [
        v.scale_add(-0.5, a, v.sub(d[0], d[2])),
        v.sub(d[4], d[6]),
        v.add(d[1], v.scale_add(-0.5, d[3], half)),
        v.scale(0.5, v.add(d[5], d[6])),
        v.scale(-1.0 / 6.0, a),
        v.scale_add(-1.0 / 3.0, d[1], v.scale_add(-1.0 / 6.0, d[3], half)),
        v.scale(0.5, v.sub(d[6], d[5])),
        v.scale_add(2.0, a, v.sub(d[4], d[2])),
        v.sub(d[7], d[5]),
    ]
}

/// B, the adjoint of [`input_transform`]; the polynomials of both tiles from their values, added up.
#[inline(always)]
pub(super) fn input_transform_adjoint<S: Simd>(simd: S, p: [S::f32s; LINE]) -> [S::f32s; 8] {
    let v = Vectors(simd);
    // Everything that d1 and d3 of the tile of four share, but for the sign.
    let a = v.scale_add(-0.5, p[0], v.scale_add(2.0, p[7], v.scale(-1.0 / 6.0, p[4])));
    let even = v.scale(0.5, v.add(p[2], p[5]));
    [
        p[0],
        v.add(v.scale_add(-1.0 / 3.0, p[5], p[2]), a),
        v.sub(even, v.add(p[0], p[7])),
        v.sub(v.scale_add(-1.0 / 6.0, p[5], v.scale(-0.5, p[2])), a),
        v.add(p[7], p[1]),
        v.scale_add(0.5, v.sub(p[3], p[6]), v.scale(-1.0, p[8])),
        v.scale_add(0.5, v.add(p[3], p[6]), v.scale(-1.0, p[1])),
        p[8],
    ]
}

/// A, the adjoint of the output transform: a line of the lower map into the Winograd domain; each tile's numbers are
/// the coefficients of a polynomial.
#[inline(always)]
pub(super) fn output_transform_adjoint<S: Simd>(simd: S, y: [S::f32s; 7]) -> [S::f32s; LINE] {
    let v = Vectors(simd);
    let [even4, odd4, even3] = [v.add(y[0], y[2]), v.add(y[1], y[3]), v.add(y[4], y[6])];
    [
        y[0],
        y[4],
        v.add(even4, odd4),
        v.add(even3, y[5]),
        v.scale_add(2.0, v.scale_add(2.0, v.scale_add(2.0, y[3], y[2]), y[1]), y[0]),
        v.sub(even4, odd4),
        v.sub(even3, y[5]),
        y[3],
        y[6],
    ]
}

/// Aᵀ, the output transform: the transpose of [`output_transform_adjoint`].
#[inline(always)]
pub(super) fn output_transform<S: Simd>(simd: S, p: [S::f32s; LINE]) -> [S::f32s; 7] {
    let v = Vectors(simd);
    let [even4, odd4] = [v.add(p[2], p[5]), v.sub(p[2], p[5])];
    let [even3, odd3] = [v.add(p[3], p[6]), v.sub(p[3], p[6])];
    [
        v.add(v.add(p[0], p[4]), even4),
        v.scale_add(2.0, p[4], odd4),
        v.scale_add(4.0, p[4], even4),
        v.scale_add(8.0, p[4], v.add(odd4, p[7])),
        v.add(p[1], even3),
        odd3,
        v.add(p[8], even3),
    ]
}

/// G, the filter transform: two filter taps at the points 0, 1, 2, −1 and ∞.
#[inline(always)]
pub(super) fn filter_transform<S: Simd>(simd: S, g: [S::f32s; 2]) -> [S::f32s; 5] {
    let v = Vectors(simd);
    [g[0], v.add(g[0], g[1]), v.scale_add(2.0, g[1], g[0]), v.sub(g[0], g[1]), g[1]]
}

/// Gᵀ, the adjoint of [`filter_transform`].
#[inline(always)]
pub(super) fn filter_transform_adjoint<S: Simd>(simd: S, p: [S::f32s; 5]) -> [S::f32s; 2] {
    let v = Vectors(simd);
    [v.add(v.add(p[0], p[2]), v.add(p[1], p[3])), v.scale_add(2.0, p[2], v.add(p[4], v.sub(p[1], p[3])))]
}
