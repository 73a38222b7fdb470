//! What is done to plain vectors: dot products, sums, tanh, Adam.

use crate::Kernels;
use crate::tile::{load, multiply_add, store};
use pulp::{Simd, WithSimd};

/// Vectors that [`Kernels::adam`] takes are multiples of this long.
pub const VECTOR_STEP: usize = 16;

/// The numbers of one Adam step that are the same for every parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate divided by the first bias correction, `lr / (1 − β₁ᵗ)`.
    pub step_size: f32,
    /// β₁, how slowly the first moment forgets.
    pub beta1: f32,
    /// 1 − β₁, rounded once: from a rounded β it would be wrong in the fifth digit.
    pub rest1: f32,
    /// β₂, how slowly the second moment forgets.
    pub beta2: f32,
    /// 1 − β₂, rounded once.
    pub rest2: f32,
    /// Root of the second bias correction, `√(1 − β₂ᵗ)`.
    pub root_correction: f32,
    /// ε, added to the root of the second moment.
    pub epsilon: f32,
}

impl AdamStep {
    /// The constants of step `step` (from 1), computed in f64.
    pub fn new(learning_rate: f64, beta1: f64, beta2: f64, epsilon: f64, step: u64) -> Self {
        let power = |beta: f64| beta.powf(step as f64);
        AdamStep {
            step_size: (learning_rate / (1.0 - power(beta1))) as f32,
            beta1: beta1 as f32,
            rest1: (1.0 - beta1) as f32,
            beta2: beta2 as f32,
            rest2: (1.0 - beta2) as f32,
            root_correction: (1.0 - power(beta2)).sqrt() as f32,
            epsilon: epsilon as f32,
        }
    }
}

impl Kernels {
    /// One step of Adam (Kingma & Ba 2015) in place, in the form PyTorch gives it:
    /// `m ← β₁m + (1 − β₁)g`, `v ← β₂v + (1 − β₂)g²`, `p ← p − step_size · m / (√v / root_correction + ε)`.
    ///
    /// Returns whether every gradient was finite.
    ///
    /// # Shapes
    /// Four vectors of one length, a multiple of [`VECTOR_STEP`].
    pub fn adam(
        self,
        step: AdamStep,
        parameters: &mut [f32],
        gradients: &[f32],
        first_moments: &mut [f32],
        second_moments: &mut [f32],
    ) -> bool {
        let length = parameters.len();
        assert!(length.is_multiple_of(VECTOR_STEP));
        assert_eq!([gradients.len(), first_moments.len(), second_moments.len()], [length; 3]);
        self.run(Adam { step, parameters, gradients, first_moments, second_moments })
    }

    /// `Σ a·b`, always summed as sixteen interleaved parts.
    pub fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        self.run(Dot { a, b })
    }

    /// `sum += factor · vector`.
    pub fn add_scaled(self, factor: f32, vector: &[f32], sum: &mut [f32]) {
        assert_eq!(vector.len(), sum.len());
        self.run(AddScaled { factor, vector, sum });
    }

    /// `values = tanh(values + bias)`, to 3·10⁻⁷ absolute; a NaN stays a NaN.
    pub fn tanh(self, bias: f32, values: &mut [f32]) {
        self.run(Tanh { bias, values });
    }

    /// The gradient of tanh's input from that of its output, `gradient ← gradient · (1 − output²)`; returns its sum.
    ///
    /// # Shapes
    /// Two vectors of one length.
    pub fn tanh_gradient(self, output: &[f32], gradient: &mut [f32]) -> f32 {
        assert_eq!(output.len(), gradient.len());
        self.run(TanhGradient { output, gradient })
    }
}

struct Adam<'a> {
    step: AdamStep,
    parameters: &'a mut [f32],
    gradients: &'a [f32],
    first_moments: &'a mut [f32],
    second_moments: &'a mut [f32],
}

impl WithSimd for Adam<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let [step_size, beta1, beta2, root_correction, epsilon, rest1, rest2] = [
            self.step.step_size,
            self.step.beta1,
            self.step.beta2,
            self.step.root_correction,
            self.step.epsilon,
            self.step.rest1,
            self.step.rest2,
        ]
        .map(|value| simd.splat_f32s(value));
        // 0·g is 0 for a finite g and NaN otherwise, so this stays 0 while all is well.
        let zero = simd.splat_f32s(0.0);
        let mut poison = zero;
        for at in (0..self.parameters.len()).step_by(S::F32_LANES) {
            // SAFETY: `adam` checked that all four vectors have one length that the lanes divide.
            unsafe {
                let parameter = self.parameters.as_mut_ptr().add(at);
                let (first, second) =
                    (self.first_moments.as_mut_ptr().add(at), self.second_moments.as_mut_ptr().add(at));
                let g = load::<S>(self.gradients.as_ptr().add(at));
                poison = multiply_add(simd, g, zero, poison);
                let m = multiply_add(simd, rest1, g, simd.mul_f32s(beta1, load::<S>(first)));
                let v = multiply_add(simd, rest2, simd.mul_f32s(g, g), simd.mul_f32s(beta2, load::<S>(second)));
                store::<S>(first, m);
                store::<S>(second, v);
                let root = simd.div_f32s(simd.sqrt_f32s(v), root_correction);
                let change = simd.div_f32s(simd.mul_f32s(step_size, m), simd.add_f32s(root, epsilon));
                store::<S>(parameter, simd.sub_f32s(load::<S>(parameter), change));
            }
        }
        simd.reduce_sum_f32s(poison) == 0.0
    }
}

struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

/// How many numbers are summed side by side, whatever the lanes of a vector.
const DOT_PARTS: usize = 16;

impl WithSimd for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let mut parts = [0f32; DOT_PARTS];
        let ((a, a_rest), (b, b_rest)) = (self.a.as_chunks::<DOT_PARTS>(), self.b.as_chunks::<DOT_PARTS>());
        for lane in (0..DOT_PARTS).step_by(S::F32_LANES) {
            let mut sum = simd.splat_f32s(0.0);
            // SAFETY: the lanes divide sixteen, so each vector lies inside its chunk.
            unsafe {
                for (a, b) in a.iter().zip(b) {
                    let (a, b) = (load::<S>(a.as_ptr().add(lane)), load::<S>(b.as_ptr().add(lane)));
                    sum = simd.add_f32s(sum, simd.mul_f32s(a, b));
                }
                store::<S>(parts.as_mut_ptr().add(lane), sum);
            }
        }
        for ((part, a), b) in parts.iter_mut().zip(a_rest).zip(b_rest) {
            *part += a * b;
        }
        sum_in_halves(parts)
    }
}

struct AddScaled<'a> {
    factor: f32,
    vector: &'a [f32],
    sum: &'a mut [f32],
}

impl WithSimd for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (sum, value) in self.sum.iter_mut().zip(self.vector) {
            *sum += self.factor * value;
        }
    }
}

struct Tanh<'a> {
    bias: f32,
    values: &'a mut [f32],
}

impl WithSimd for Tanh<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for value in self.values {
            *value = tanh(*value + self.bias);
        }
    }
}

struct TanhGradient<'a> {
    output: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for TanhGradient<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut parts = [0f32; 16];
        for (gradient, output) in self.gradient.chunks_mut(16).zip(self.output.chunks(16)) {
            for ((part, gradient), output) in parts.iter_mut().zip(gradient).zip(output) {
                *gradient *= 1.0 - output * output;
                *part += *gradient;
            }
        }
        sum_in_halves(parts)
    }
}

/// The sum of sixteen parts, always in the same order.
#[inline(always)]
pub(crate) fn sum_in_halves(mut parts: [f32; 16]) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            parts[i] += parts[i + half];
        }
    }
    parts[0]
}

/// tanh(x) = 1 − 2 / (e²ˣ + 1), with e²ˣ = 2ⁿ·eʳ, |r| ≤ ln 2 / 2, and eʳ by its series up to r⁶.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    use std::f32::consts::{LN_2, LOG2_E};
    /// Adding and subtracting 1.5·2²³ rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    // tanh(10) is 1 in f32; a NaN passes through `clamp`.
    let exponent = x.clamp(-10.0, 10.0) * (2.0 * LOG2_E);
    let n = (exponent + ROUND) - ROUND;
    let r = (exponent - n) * LN_2;
    let series = 1.0 + r * (1.0 + r * (1.0 / 2.0 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    let power = f32::from_bits(((n as i32 + 127) << 23) as u32);
    1.0 - 2.0 / (series * power + 1.0)
}
