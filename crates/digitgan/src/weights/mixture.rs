//! Classes between classes.
//!
//! G's first layer is linear in the noise and the one-hot class, so a class is some rows of its weights, and a mixture of
//! classes is the same mixture of rows. A generator whose classes are mixtures is a generator like any other: every engine draws
//! with it as it is.

use super::GeneratorFile;
use crate::input::{InputError, check_class_count, check_length};
use crate::model::{LATENT, ModelSpec, Tensor};

/// The first layer's weights: `[noise and classes, channels, 7, 7]`, as PyTorch has them.
const FIRST: &str = "deconv1.weight";

impl GeneratorFile {
    /// A generator whose class i is the mixture i of this one's classes: shares of 0.5 of two classes are what lies halfway
    /// between them, and shares outside 0 to 1 lie beyond.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// let generator = GeneratorFile::untrained(Variant::Cgan, 3, 1)?;
    /// let mixed = generator.with_mixed_classes(&[vec![1.0, 0.0, 0.0], vec![0.5, 0.0, 0.5]])?;
    /// assert_eq!(mixed.spec.classes, 2);
    /// let device = Device::cpu(Some(1))?;
    /// let first = Sampler::new(&device, &mixed)?.draw(7, &[0])?;
    /// assert_eq!(first, Sampler::new(&device, &generator)?.draw(7, &[0])?, "the first is a class of its own");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Shapes
    /// `mixtures`: `[2 to 100][classes]`.
    ///
    /// # Errors
    /// A generator that does not see the class, fewer mixtures than 2 or more than 100, or one without a share of each class.
    pub fn with_mixed_classes(&self, mixtures: &[Vec<f32>]) -> Result<GeneratorFile, InputError> {
        if !self.spec.variant.wiring().generator_sees_class {
            return Err(InputError::NoClasses);
        }
        check_class_count(mixtures.len())?;
        let mut mixed = self.clone();
        let Some(first) = mixed.tensors.get_mut(FIRST) else { return Ok(mixed) };
        let outputs = first.values.len() / (LATENT + self.spec.classes);
        let (noise, classes) = first.values.split_at(LATENT * outputs);
        let mut values = noise.to_vec();
        for shares in mixtures {
            check_length("shares of a mixture, [classes]", shares.len(), self.spec.classes)?;
            let mut row = vec![0.0; outputs];
            for (share, class) in shares.iter().zip(classes.chunks_exact(outputs)).filter(|(share, _)| **share != 0.0) {
                row.iter_mut().zip(class).for_each(|(sum, weight)| *sum += share * weight);
            }
            values.extend(row);
        }
        let mut shape = first.shape.clone();
        shape[0] = LATENT + mixtures.len();
        *first = Tensor { shape, values };
        mixed.spec = ModelSpec { classes: mixtures.len(), ..self.spec };
        mixed.class_names = (0..mixtures.len()).map(|mixture| format!("mixture {mixture}")).collect();
        Ok(mixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variant;

    #[test]
    fn mixtures_are_linear() {
        let generator = GeneratorFile::untrained(Variant::Acgan, 3, 1).unwrap();
        let shares = [vec![0.0, 1.0, 0.0], vec![0.25, 0.0, 0.75], vec![2.0, -1.0, 0.0]];
        let mixed = generator.with_mixed_classes(&shares).unwrap();
        let row = |file: &GeneratorFile, class: usize| {
            let first = &file.tensors[FIRST];
            let outputs: usize = first.shape[1..].iter().product();
            first.values[(LATENT + class) * outputs..][..outputs].to_vec()
        };
        assert_eq!(row(&mixed, 0), row(&generator, 1));
        for (mixture, shares) in shares.iter().enumerate() {
            for (place, value) in row(&mixed, mixture).into_iter().enumerate() {
                let expected: f32 = (0..3).map(|class| shares[class] * row(&generator, class)[place]).sum();
                assert!((value - expected).abs() < 1e-6, "mixture {mixture}, {place}: {value} and {expected}");
            }
        }
        // What is no class stays.
        let read = GeneratorFile::from_bytes(&mixed.to_bytes()).unwrap();
        assert_eq!((read.spec.classes, &read.tensors["bn1.weight"]), (3, &generator.tensors["bn1.weight"]));
    }

    #[test]
    fn what_cannot_be_mixed_is_refused() {
        let refused = |variant, mixtures: &[Vec<f32>]| {
            let generator = GeneratorFile::untrained(variant, 3, 1).unwrap();
            generator.with_mixed_classes(mixtures).unwrap_err()
        };
        let two = [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]];
        assert_eq!(refused(Variant::Gan, &two), InputError::NoClasses);
        assert!(matches!(refused(Variant::Cgan, &two[..1]), InputError::ClassCount { found: 1 }));
        let short = [vec![1.0, 0.0], vec![0.0, 1.0, 0.0]];
        assert!(matches!(refused(Variant::Cgan, &short), InputError::Length { found: 2, expected: 3, .. }));
    }
}
