//! Batch normalisation followed by ReLU, plain or leaky, forward and backward, one map at a time.
//!
//! With batch mean μ, biased variance σ² and n values per channel (Ioffe & Szegedy 2015):
//!
//! ```text
//! x̂ = (y − μ) / √(σ² + ε)      z = γ·x̂ + β = scale·y + shift      h = z where z > 0, else leak·z
//! dz = dh where z > 0, else leak·dh      dβ = Σ dz        dγ = Σ dz·x̂
//! dy = scale · (dz − dβ/n − x̂·dγ/n) = scale·dz − constant − slope·y
//! ```
//!
//! Statistics need the whole batch. So these kernels compute the sums of one map ([`Kernels::channel_sums`],
//! [`Kernels::gradient_sums`]), and the caller adds up those of a batch, in the order of the images.

use crate::Kernels;
use crate::shape::MapLayout;
use crate::tile::{load, multiply_add, store};
use pulp::{Simd, WithSimd};

/// What a batch-normalised layer computes for a batch: `x̂ = (y − mean)·inverse_std`, `z = scale·y + shift`.
/// One number per channel each.
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
    /// The slope of the rectifier below zero (Maas et al. 2013); 0 is plain ReLU.
    pub leak: f32,
}

/// What turns dz into dy: `dy = scale·dz − constant − slope·y`. One number per channel each.
#[derive(Clone, Copy, Debug)]
pub struct GradientTerms<'a> {
    /// scale·(dβ/n − μ·inverse_std·dγ/n).
    pub constant: &'a [f32],
    /// scale·inverse_std·dγ/n.
    pub slope: &'a [f32],
}

impl Kernels {
    /// Sums of a map over its pixels: `sums[0] = Σ y`, `sums[1] = Σ y²`, one number per channel.
    ///
    /// # Shapes
    /// `map`: `[pixels, channels]`; `sums`: `[2, channels]`; `channels` is a multiple of 16.
    pub fn channel_sums(self, map: &[f32], sums: &mut [f32]) {
        let channels = sums.len() / 2;
        assert!(channels > 0 && channels.is_multiple_of(16) && sums.len() == 2 * channels);
        assert_eq!(map.len() % channels, 0);
        self.run(ChannelSums { map, sums, channels });
    }

    /// Normalises a map and rectifies it: `z = scale·y + shift`, `out` is z where z > 0, else leak·z; a NaN stays a
    /// NaN.
    ///
    /// # Shapes
    /// `map`: `[side, side, channels]`; `out`: laid out as `layout` says; its padding is not touched.
    pub fn normalise_relu(self, map: &[f32], norm: Normalisation<'_>, out: &mut [f32], layout: MapLayout) {
        assert_eq!((map.len(), out.len()), (layout.side * layout.row(), layout.elements()));
        norm.check(layout.channels);
        self.run(NormaliseRelu { map, norm, out, layout });
    }

    /// Sums for the backward pass: `sums[0] = Σ dz`, `sums[1] = Σ dz·x̂`, one number per channel.
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
    /// `map`, `gradient`, `out`: `[pixels, channels]`.
    pub fn normalise_gradient(
        self,
        map: &[f32],
        gradient: &[f32],
        norm: Normalisation<'_>,
        terms: GradientTerms<'_>,
        out: &mut [f32],
    ) {
        let channels = norm.scale.len();
        norm.check(channels);
        assert!(map.len().is_multiple_of(channels));
        assert_eq!([gradient.len(), out.len()], [map.len(); 2]);
        assert_eq!((terms.constant.len(), terms.slope.len()), (channels, channels));
        self.run(NormaliseGradient { map, gradient, norm, terms, out, channels });
    }
}

/// The input map of a kernel: one in memory, or one that is computed while it is read, so that it is never stored. Maps
/// are `[side, side, channels]` without padding.
#[derive(Clone, Copy, Debug)]
pub enum MapInput<'a> {
    /// A map in memory.
    Plain(&'a [f32]),
    /// The rectified `scale·y + shift` of a map y, as [`Kernels::normalise_relu`].
    NormaliseRelu {
        /// y.
        map: &'a [f32],
        /// What normalises it.
        norm: Normalisation<'a>,
    },
    /// `scale·dz − constant − slope·y` of a map y and the gradient of the layer's output, as
    /// [`Kernels::normalise_gradient`].
    NormaliseGradient {
        /// y, the layer's input.
        map: &'a [f32],
        /// The gradient of the layer's output.
        gradient: &'a [f32],
        /// What normalised y.
        norm: Normalisation<'a>,
        /// What turns dz into dy.
        terms: GradientTerms<'a>,
    },
}

impl MapInput<'_> {
    /// Panics unless all parts fit a map of `layout`.
    pub(crate) fn check(&self, layout: MapLayout) {
        let elements = layout.side * layout.row();
        match self {
            MapInput::Plain(map) => assert_eq!(map.len(), elements),
            MapInput::NormaliseRelu { map, norm } => {
                assert_eq!(map.len(), elements);
                norm.check(layout.channels);
            }
            MapInput::NormaliseGradient { map, gradient, norm, terms } => {
                assert_eq!([map.len(), gradient.len()], [elements; 2]);
                norm.check(layout.channels);
                assert_eq!([terms.constant.len(), terms.slope.len()], [layout.channels; 2]);
            }
        }
    }
}

/// Reads a map as it lies, `offset` elements behind its first.
///
/// # Safety
/// Of each reader: the vector `offset` elements into the map (and the gradient) must lie inside it, the vector at
/// `channel` inside the channels.
#[inline(always)]
pub(crate) unsafe fn plain_reader<S: Simd>(map: &[f32]) -> impl Fn(usize) -> S::f32s + Copy {
    let map = map.as_ptr();
    // SAFETY: the caller's promise.
    move |offset| unsafe { load::<S>(map.add(offset)) }
}

/// Reads the rectified `scale·y + shift` for channels from `channel` on.
///
/// # Safety
/// As [`plain_reader`].
#[inline(always)]
pub(crate) unsafe fn relu_reader<S: Simd>(
    simd: S,
    map: &[f32],
    norm: Normalisation<'_>,
    channel: usize,
) -> impl Fn(usize) -> S::f32s + Copy {
    let (map, zero, leak) = (map.as_ptr(), simd.splat_f32s(0.0), simd.splat_f32s(norm.leak));
    // SAFETY: the caller's promise.
    unsafe {
        let [scale, shift] = [norm.scale, norm.shift].map(|values| load::<S>(values.as_ptr().add(channel)));
        move |offset| {
            let z = multiply_add(simd, load::<S>(map.add(offset)), scale, shift);
            // Not a maximum: that would turn a NaN into a harmless-looking zero.
            simd.select_f32s(simd.less_than_or_equal_f32s(z, zero), simd.mul_f32s(leak, z), z)
        }
    }
}

/// Reads `scale·dz − constant − slope·y` for channels from `channel` on.
///
/// # Safety
/// As [`plain_reader`].
#[inline(always)]
pub(crate) unsafe fn gradient_reader<S: Simd>(
    simd: S,
    map: &[f32],
    gradient: &[f32],
    norm: Normalisation<'_>,
    terms: GradientTerms<'_>,
    channel: usize,
) -> impl Fn(usize) -> S::f32s + Copy {
    let (map, gradient) = (map.as_ptr(), gradient.as_ptr());
    let (zero, leak) = (simd.splat_f32s(0.0), simd.splat_f32s(norm.leak));
    // SAFETY: the caller's promise.
    unsafe {
        let [scale, shift, constant, slope] =
            [norm.scale, norm.shift, terms.constant, terms.slope].map(|values| load::<S>(values.as_ptr().add(channel)));
        move |offset| {
            let (y, dh) = (load::<S>(map.add(offset)), load::<S>(gradient.add(offset)));
            let z = multiply_add(simd, y, scale, shift);
            let dz = simd.select_f32s(simd.less_than_or_equal_f32s(z, zero), simd.mul_f32s(leak, dh), dh);
            simd.sub_f32s(simd.mul_f32s(scale, dz), multiply_add(simd, slope, y, constant))
        }
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

/// Vectors of channels that are summed side by side. Each addition to a sum waits for the one before it; sums side by
/// side do not wait for each other.
const SIDE_BY_SIDE: usize = 2;

/// Calls `$several` with the first channel and the number of vectors for as many channels as go side by side, then for
/// what is left.
macro_rules! for_channels {
    ($channels:expr, |$channel:ident, $VECTORS:ident| $several:expr) => {
        let mut $channel = 0;
        while $channel + SIDE_BY_SIDE * S::F32_LANES <= $channels {
            const $VECTORS: usize = SIDE_BY_SIDE;
            $several;
            $channel += SIDE_BY_SIDE * S::F32_LANES;
        }
        while $channel < $channels {
            const $VECTORS: usize = 1;
            $several;
            $channel += S::F32_LANES;
        }
    };
}

/// The vectors behind `at`, one behind the other.
///
/// # Safety
/// As many must be readable.
#[inline(always)]
unsafe fn load_several<S: Simd, const VECTORS: usize>(at: *const f32) -> [S::f32s; VECTORS] {
    // SAFETY: the caller's promise.
    std::array::from_fn(|i| unsafe { load::<S>(at.add(i * S::F32_LANES)) })
}

impl WithSimd for ChannelSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { map, sums, channels } = self;
        for_channels!(channels, |channel, VECTORS| {
            let [mut sum, mut squares] = [[simd.splat_f32s(0.0); VECTORS]; 2];
            // SAFETY: `channel_sums` checked that the map is whole pixels of `channels` values, and the sums two
            // rows of them; the lanes divide 16, which divides the channels.
            unsafe {
                for pixel in (0..map.len()).step_by(channels) {
                    let y = load_several::<S, VECTORS>(map.as_ptr().add(pixel + channel));
                    for i in 0..VECTORS {
                        sum[i] = simd.add_f32s(sum[i], y[i]);
                        squares[i] = multiply_add(simd, y[i], y[i], squares[i]);
                    }
                }
                for i in 0..VECTORS {
                    let at = sums.as_mut_ptr().add(channel + i * S::F32_LANES);
                    store::<S>(at, sum[i]);
                    store::<S>(at.add(channels), squares[i]);
                }
            }
        });
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
        let layout = self.layout;
        for channel in (0..layout.channels).step_by(S::F32_LANES) {
            // SAFETY: `normalise_relu` checked all lengths; row y of the map is `side · channels` values, and
            // `row_start(y)` is where as many lie inside the padding of the output.
            unsafe {
                let read = relu_reader(simd, self.map, self.norm, channel);
                for y in 0..layout.side {
                    let out = self.out.as_mut_ptr().add(layout.row_start(y));
                    for pixel in (channel..layout.row()).step_by(layout.channels) {
                        store::<S>(out.add(pixel), read(y * layout.row() + pixel));
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
        let Self { map, gradient, norm, sums, channels } = self;
        let (zero, leak) = (simd.splat_f32s(0.0), simd.splat_f32s(norm.leak));
        for_channels!(channels, |channel, VECTORS| {
            let [mut sum, mut products] = [[zero; VECTORS]; 2];
            // SAFETY: `gradient_sums` checked that map and gradient are equal numbers of whole pixels, and the
            // four vectors and both rows of sums `channels` long.
            unsafe {
                let [mean, inverse_std, scale, shift] = [norm.mean, norm.inverse_std, norm.scale, norm.shift]
                    .map(|values| load_several::<S, VECTORS>(values.as_ptr().add(channel)));
                for pixel in (0..map.len()).step_by(channels) {
                    let y = load_several::<S, VECTORS>(map.as_ptr().add(pixel + channel));
                    let dh = load_several::<S, VECTORS>(gradient.as_ptr().add(pixel + channel));
                    for i in 0..VECTORS {
                        let z = multiply_add(simd, y[i], scale[i], shift[i]);
                        let leaked = simd.mul_f32s(leak, dh[i]);
                        let dz = simd.select_f32s(simd.less_than_or_equal_f32s(z, zero), leaked, dh[i]);
                        sum[i] = simd.add_f32s(sum[i], dz);
                        let normalised = simd.mul_f32s(simd.sub_f32s(y[i], mean[i]), inverse_std[i]);
                        products[i] = multiply_add(simd, dz, normalised, products[i]);
                    }
                }
                for i in 0..VECTORS {
                    let at = sums.as_mut_ptr().add(channel + i * S::F32_LANES);
                    store::<S>(at, sum[i]);
                    store::<S>(at.add(channels), products[i]);
                }
            }
        });
    }
}

struct NormaliseGradient<'a> {
    map: &'a [f32],
    gradient: &'a [f32],
    norm: Normalisation<'a>,
    terms: GradientTerms<'a>,
    out: &'a mut [f32],
    channels: usize,
}

impl WithSimd for NormaliseGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for channel in (0..self.channels).step_by(S::F32_LANES) {
            // SAFETY: `normalise_gradient` checked that all three are as many whole pixels of `channels` values.
            unsafe {
                let read = gradient_reader(simd, self.map, self.gradient, self.norm, self.terms, channel);
                for at in (channel..self.map.len()).step_by(self.channels) {
                    store::<S>(self.out.as_mut_ptr().add(at), read(at));
                }
            }
        }
    }
}
