//! Batch normalisation followed by ReLU, forward and backward, one map at a time.
//!
//! With batch mean μ, biased variance σ² and n values a channel (Ioffe & Szegedy 2015):
//!
//! ```text
//! x̂ = (y − μ) / √(σ² + ε)      z = γ·x̂ + β = scale·y + shift      h = max(z, 0)
//! dz = dh where z > 0          dβ = Σ dz        dγ = Σ dz·x̂
//! dy = scale · (dz − dβ/n − x̂·dγ/n) = scale·dz − constant − slope·y
//! ```
//!
//! Statistics need the whole batch; so each map yields its own sums ([`Kernels::channel_sums`],
//! [`Kernels::gradient_sums`]), and whoever calls adds them up in the order of the images.

use crate::Kernels;
use crate::shape::MapLayout;
use crate::tile::{load, multiply_add, store};
use pulp::{Simd, WithSimd};

/// What a batch-normalised layer computes for a batch: `x̂ = (y − mean)·inverse_std`, `z = scale·y + shift`.
/// One number a channel each.
#[derive(Clone, Copy, Debug)]
pub struct Normalisation<'a> {
    /// Batch mean μ.
    pub mean: &'a [f32],
    /// 1 / √(σ² + ε).
    pub inverse_std: &'a [f32],
    /// γ / √(σ² + ε).
    pub scale: &'a [f32],
    /// β − μ·scale.
    pub shift: &'a [f32],
}

/// What turns dz into dy: `dy = scale·dz − constant − slope·y`. One number a channel each.
#[derive(Clone, Copy, Debug)]
pub struct GradientTerms<'a> {
    /// scale·(dβ/n − μ·inverse_std·dγ/n).
    pub constant: &'a [f32],
    /// scale·inverse_std·dγ/n.
    pub slope: &'a [f32],
}

impl Kernels {
    /// Sums of a map over its pixels: `sums[0] = Σ y`, `sums[1] = Σ y²`, a number a channel.
    ///
    /// # Shapes
    /// `map`: `[pixels, channels]`; `sums`: `[2, channels]`; `channels` is a multiple of 16.
    pub fn channel_sums(self, map: &[f32], sums: &mut [f32]) {
        let channels = sums.len() / 2;
        assert!(channels > 0 && channels.is_multiple_of(16) && sums.len() == 2 * channels);
        assert_eq!(map.len() % channels, 0);
        self.run(ChannelSums { map, sums, channels });
    }

    /// Normalises a map and applies ReLU: `out = max(scale·y + shift, 0)`; a NaN stays a NaN.
    ///
    /// # Shapes
    /// `map`: `[side, side, channels]`; `out`: laid out as `layout` says, whose ring is not touched.
    pub fn normalise_relu(self, map: &[f32], norm: Normalisation<'_>, out: &mut [f32], layout: MapLayout) {
        assert_eq!((map.len(), out.len()), (layout.side * layout.row(), layout.elements()));
        norm.check(layout.channels);
        self.run(NormaliseRelu { map, norm, out, layout });
    }

    /// Sums for the backward pass: `sums[0] = Σ dz`, `sums[1] = Σ dz·x̂`, a number a channel.
    ///
    /// # Shapes
    /// `map`, `gradient`: `[pixels, channels]`, the layer's input y and the gradient dh of its output;
    /// `sums`: `[2, channels]`.
    pub fn gradient_sums(self, map: &[f32], gradient: &[f32], norm: Normalisation<'_>, sums: &mut [f32]) {
        let channels = sums.len() / 2;
        assert!(map.len() == gradient.len() && map.len().is_multiple_of(channels) && sums.len() == 2 * channels);
        norm.check(channels);
        self.run(GradientSums { map, gradient, norm, sums, channels });
    }

    /// The gradient of the layer's input: `dy = scale·dz − constant − slope·y`.
    ///
    /// # Shapes
    /// `map`, `gradient`: `[side, side, channels]`; `out`: laid out as `layout` says, whose ring is not touched.
    pub fn normalise_gradient(
        self,
        map: &[f32],
        gradient: &[f32],
        norm: Normalisation<'_>,
        terms: GradientTerms<'_>,
        out: &mut [f32],
        layout: MapLayout,
    ) {
        assert_eq!((map.len(), out.len()), (layout.side * layout.row(), layout.elements()));
        assert_eq!(map.len(), gradient.len());
        norm.check(layout.channels);
        assert_eq!((terms.constant.len(), terms.slope.len()), (layout.channels, layout.channels));
        self.run(NormaliseGradient { map, gradient, norm, terms, out, layout });
    }
}

impl Normalisation<'_> {
    fn check(&self, channels: usize) {
        assert!(channels.is_multiple_of(16));
        assert_eq!([self.mean.len(), self.inverse_std.len()], [channels; 2]);
        assert_eq!([self.scale.len(), self.shift.len()], [channels; 2]);
    }
}

struct ChannelSums<'a> {
    map: &'a [f32],
    sums: &'a mut [f32],
    channels: usize,
}

impl WithSimd for ChannelSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for channel in (0..self.channels).step_by(S::F32_LANES) {
            let (mut sum, mut squares) = (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
            // SAFETY: `channel_sums` checked that the map is whole pixels of `channels` values, and the sums two
            // rows of them; the lanes divide 16, which divides the channels.
            unsafe {
                for pixel in (0..self.map.len()).step_by(self.channels) {
                    let y = load::<S>(self.map.as_ptr().add(pixel + channel));
                    sum = simd.add_f32s(sum, y);
                    squares = multiply_add(simd, y, y, squares);
                }
                store::<S>(self.sums.as_mut_ptr().add(channel), sum);
                store::<S>(self.sums.as_mut_ptr().add(self.channels + channel), squares);
            }
        }
    }
}

struct NormaliseRelu<'a> {
    map: &'a [f32],
    norm: Normalisation<'a>,
    out: &'a mut [f32],
    layout: MapLayout,
}

impl WithSimd for NormaliseRelu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MapLayout { side, channels, .. } = self.layout;
        let zero = simd.splat_f32s(0.0);
        for channel in (0..channels).step_by(S::F32_LANES) {
            // SAFETY: `normalise_relu` checked all lengths; row y of the map is `side · channels` values, and
            // `row_start(y)` is where as many lie inside the ring of the output.
            unsafe {
                let scale = load::<S>(self.norm.scale.as_ptr().add(channel));
                let shift = load::<S>(self.norm.shift.as_ptr().add(channel));
                for y in 0..side {
                    let map = self.map.as_ptr().add(y * self.layout.row() + channel);
                    let out = self.out.as_mut_ptr().add(self.layout.row_start(y) + channel);
                    for x in 0..side {
                        let z = multiply_add(simd, load::<S>(map.add(x * channels)), scale, shift);
                        // Not a maximum: that would turn a NaN into a harmless-looking zero.
                        let h = simd.select_f32s(simd.less_than_or_equal_f32s(z, zero), zero, z);
                        store::<S>(out.add(x * channels), h);
                    }
                }
            }
        }
    }
}

struct GradientSums<'a> {
    map: &'a [f32],
    gradient: &'a [f32],
    norm: Normalisation<'a>,
    sums: &'a mut [f32],
    channels: usize,
}

impl WithSimd for GradientSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        for channel in (0..self.channels).step_by(S::F32_LANES) {
            let (mut sum, mut products) = (zero, zero);
            // SAFETY: `gradient_sums` checked that map and gradient are equal numbers of whole pixels, and the
            // four vectors and both rows of sums `channels` long.
            unsafe {
                let [mean, inverse_std, scale, shift] =
                    [self.norm.mean, self.norm.inverse_std, self.norm.scale, self.norm.shift]
                        .map(|values| load::<S>(values.as_ptr().add(channel)));
                for pixel in (0..self.map.len()).step_by(self.channels) {
                    let y = load::<S>(self.map.as_ptr().add(pixel + channel));
                    let dh = load::<S>(self.gradient.as_ptr().add(pixel + channel));
                    let z = multiply_add(simd, y, scale, shift);
                    let dz = simd.select_f32s(simd.less_than_or_equal_f32s(z, zero), zero, dh);
                    sum = simd.add_f32s(sum, dz);
                    let normalised = simd.mul_f32s(simd.sub_f32s(y, mean), inverse_std);
                    products = multiply_add(simd, dz, normalised, products);
                }
                store::<S>(self.sums.as_mut_ptr().add(channel), sum);
                store::<S>(self.sums.as_mut_ptr().add(self.channels + channel), products);
            }
        }
    }
}

struct NormaliseGradient<'a> {
    map: &'a [f32],
    gradient: &'a [f32],
    norm: Normalisation<'a>,
    terms: GradientTerms<'a>,
    out: &'a mut [f32],
    layout: MapLayout,
}

impl WithSimd for NormaliseGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MapLayout { side, channels, .. } = self.layout;
        let zero = simd.splat_f32s(0.0);
        for channel in (0..channels).step_by(S::F32_LANES) {
            // SAFETY: `normalise_gradient` checked all lengths; rows lie as in `NormaliseRelu`.
            unsafe {
                let [scale, shift, constant, slope] =
                    [self.norm.scale, self.norm.shift, self.terms.constant, self.terms.slope]
                        .map(|values| load::<S>(values.as_ptr().add(channel)));
                for row in 0..side {
                    let at = row * self.layout.row() + channel;
                    let (map, gradient) = (self.map.as_ptr().add(at), self.gradient.as_ptr().add(at));
                    let out = self.out.as_mut_ptr().add(self.layout.row_start(row) + channel);
                    for x in 0..side {
                        let y = load::<S>(map.add(x * channels));
                        let dh = load::<S>(gradient.add(x * channels));
                        let z = multiply_add(simd, y, scale, shift);
                        let dz = simd.select_f32s(simd.less_than_or_equal_f32s(z, zero), zero, dh);
                        let offset = multiply_add(simd, slope, y, constant);
                        store::<S>(out.add(x * channels), simd.sub_f32s(simd.mul_f32s(scale, dz), offset));
                    }
                }
            }
        }
    }
}
