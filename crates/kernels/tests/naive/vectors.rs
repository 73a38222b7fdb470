//! Vectors: dot products, sums, tanh, Adam.

use crate::support::{assert_close, numbers};
use digitgan_kernels::shape::*;
use digitgan_kernels::{AdamStep, Kernels, Normalisation};

#[test]
fn relu_and_tanh_let_a_nan_through() {
    let ones = [1.0; BOTTOM_CHANNELS];
    let norm = Normalisation { mean: &ones, inverse_std: &ones, scale: &ones, shift: &ones, leak: 0.0 };
    let mut map = numbers(BOTTOM, 21);
    map[100] = f32::NAN;
    for kernels in Kernels::available() {
        let mut out = vec![0.0; BOTTOM];
        kernels.normalise_relu(&map, norm, &mut out, MapLayout::BOTTOM);
        assert_eq!(out.iter().filter(|v| v.is_nan()).count(), 1, "{kernels:?}");
        let mut values = [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        kernels.tanh(0.0, &mut values);
        assert!(values[1].is_nan() && values[2] == 1.0 && values[3] == -1.0, "{kernels:?}: {values:?}");
    }
}

#[test]
fn tanh_everywhere() {
    let inputs: Vec<f32> = (-120_000..120_000).map(|i| i as f32 * 1e-4).collect();
    for kernels in Kernels::available() {
        let mut values = inputs.clone();
        kernels.tanh(0.25, &mut values);
        for (x, y) in inputs.iter().zip(&values) {
            let expected = (f64::from(*x) + 0.25).tanh();
            assert!((f64::from(*y) - expected).abs() < 3e-7, "{kernels:?}: tanh({x} + 0.25) = {y}, not {expected}");
        }
    }
}

#[test]
fn vectors() {
    for length in [1, 15, 16, 17, 128, 3136] {
        let (a, b) = (numbers(length, 22), numbers(length, 23));
        let expected: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        let expected_sum: Vec<f64> = a.iter().zip(&b).map(|(&a, &b)| 0.5 * f64::from(a) + f64::from(b)).collect();
        for kernels in Kernels::available() {
            let got = kernels.dot(&a, &b);
            assert!((f64::from(got) - expected).abs() < 1e-5 * (length as f64).sqrt(), "{kernels:?} at {length}");
            let mut sum = b.clone();
            kernels.add_scaled(0.5, &a, &mut sum);
            assert_close("add_scaled", kernels, &sum, &expected_sum);
            let mut gradient = b.clone();
            let total = kernels.tanh_gradient(&a, &mut gradient);
            let slope = |v: f32| 1.0 - f64::from(v) * f64::from(v);
            let expected: Vec<f64> = a.iter().zip(&b).map(|(&a, &b)| f64::from(b) * slope(a)).collect();
            assert_close("tanh_gradient", kernels, &gradient, &expected);
            let error = (f64::from(total) - expected.iter().sum::<f64>()).abs();
            assert!(error < 1e-5 * (length as f64).sqrt(), "{kernels:?} at {length}: {error}");
        }
    }
}

#[test]
fn adam_steps_and_sees_what_is_not_finite() {
    const LENGTH: usize = 64;
    for kernels in Kernels::available() {
        let mut parameters = numbers(LENGTH, 24);
        let (mut first, mut second) = (vec![0.0; LENGTH], vec![0.0; LENGTH]);
        let mut expected: Vec<[f64; 3]> = parameters.iter().map(|&p| [f64::from(p), 0.0, 0.0]).collect();
        for step in 1..=10u64 {
            let mut gradients = numbers(LENGTH, 100 + step);
            gradients[0] = 0.0;
            gradients[1] *= 1e-12;
            let constants = AdamStep::new(1e-3, 0.5, 0.999, 1e-8, step);
            assert!(kernels.adam(constants, &mut parameters, &gradients, &mut first, &mut second));
            for ([p, m, v], &g) in expected.iter_mut().zip(&gradients) {
                let g = f64::from(g);
                *m = 0.5 * *m + 0.5 * g;
                *v = 0.999 * *v + 0.001 * g * g;
                let (m, v) = (*m / (1.0 - 0.5f64.powf(step as f64)), *v / (1.0 - 0.999f64.powf(step as f64)));
                *p -= 1e-3 * m / (v.sqrt() + 1e-8);
            }
        }
        let expected: Vec<f64> = expected.iter().map(|[p, ..]| *p).collect();
        assert_close("adam", kernels, &parameters, &expected);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut gradients = numbers(LENGTH, 25);
            gradients[LENGTH - 1] = bad;
            let constants = AdamStep::new(1e-3, 0.5, 0.999, 1e-8, 11);
            assert!(!kernels.adam(
                constants,
                &mut parameters.clone(),
                &gradients,
                &mut first.clone(),
                &mut second.clone()
            ));
        }
    }
}
