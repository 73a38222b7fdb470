//! Augmentation of real images.

use crate::support::pixels;
use digitgan::data::augment::{Augment, apply};
use std::collections::HashSet;

fn varied(ways: &[Augment], seed: u64, index: u64, image: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 784];
    apply(ways, seed, index, image, &mut out).unwrap();
    out
}

#[test]
fn an_image_depends_on_seed_index_and_ways_alone() {
    let image = pixels(1);
    let ways: [&[Augment]; 3] = [&[Augment::Affine], &[Augment::Elastic], &Augment::ALL];
    let mut seen = HashSet::from([image.clone()]);
    for ways in ways {
        for (seed, index) in [(1, 1), (1, 2), (2, 1)] {
            let out = varied(ways, seed, index, &image);
            assert_eq!(out, varied(ways, seed, index, &image), "{ways:?}");
            assert!(seen.insert(out), "{ways:?} {seed} {index}: the same as another");
        }
    }
    let (there, back) = ([Augment::Affine, Augment::Elastic], [Augment::Elastic, Augment::Affine]);
    assert_eq!(varied(&there, 1, 1, &image), varied(&back, 1, 1, &image));
}

/// A picture that was made once, so that every machine and every version makes it again.
#[test]
fn images_are_the_same_everywhere() {
    let sum = |ways: &[Augment]| {
        let out = varied(ways, 42, 7, &pixels(1));
        out.iter().fold(0u32, |sum, &pixel| sum.wrapping_mul(31).wrapping_add(u32::from(pixel)))
    };
    let found = [sum(&[Augment::Affine]), sum(&[Augment::Elastic]), sum(&Augment::ALL)];
    assert_eq!(found, [3341849127, 3468872888, 3324413506]);
}

#[test]
fn the_amount_of_ink_stays_about_the_same() {
    let mut image = vec![0; 784];
    for row in 8..20 {
        image[row * 28 + 8..row * 28 + 20].fill(255);
    }
    let ink = |image: &[u8]| image.iter().map(|&pixel| f64::from(pixel)).sum::<f64>();
    for ways in [&[Augment::Affine][..], &[Augment::Elastic], &Augment::ALL] {
        let total: f64 = (0..500).map(|index| ink(&varied(ways, 3, index, &image))).sum();
        let ratio = total / 500.0 / ink(&image);
        assert!((0.93..1.07).contains(&ratio), "{ways:?}: {ratio}");
    }
}

#[test]
fn names_read_back() {
    for augment in Augment::ALL {
        assert_eq!(augment.to_string().parse(), Ok(augment));
    }
    let error = "mirror".parse::<Augment>().unwrap_err();
    assert_eq!(error.to_string(), "\"mirror\" is no augmentation; give affine or elastic");
}
