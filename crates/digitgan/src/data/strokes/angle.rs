//! Sines and cosines that come out bit for bit the same on every machine: IEEE 754 fixes the results of additions,
//! multiplications and divisions, while `sin` differs between systems' mathematical libraries.

/// Sine and cosine of an angle within ±50 degrees, to 1e-6.
pub(super) fn sin_cos(degrees: f32) -> (f32, f32) {
    let x = degrees * (std::f32::consts::PI / 180.0);
    let x2 = x * x;
    let sin = x * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0)));
    let cos = 1.0 - x2 / 2.0 * (1.0 - x2 / 12.0 * (1.0 - x2 / 30.0 * (1.0 - x2 / 56.0)));
    (sin, cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sines_and_cosines_agree_with_the_system() {
        for degrees in -50..=50 {
            let (sin, cos) = sin_cos(degrees as f32);
            let (true_sin, true_cos) = f64::from(degrees).to_radians().sin_cos();
            assert!((f64::from(sin) - true_sin).abs() < 1e-6, "sin {degrees}: {sin}");
            assert!((f64::from(cos) - true_cos).abs() < 1e-6, "cos {degrees}: {cos}");
        }
    }
}
