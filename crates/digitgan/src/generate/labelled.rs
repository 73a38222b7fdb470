//! Some images of a data set, on their way from the generator into files, or back.

use super::gzip::checksum;
use crate::IMAGE_PIXELS;
use crate::input::LATENT;
use std::ops::Range;

/// Some images and what belongs to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labelled {
    /// Bytes, `[count, 28, 28]`.
    pub(super) images: Vec<u8>,
    /// Classes, `[count]`.
    pub(super) labels: Vec<u8>,
    /// The noise that they were drawn from, `[count, 100]`; empty where it is not kept.
    pub(super) latents: Vec<f32>,
}

/// The checksums of some images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checksums {
    pub(super) pixels: u32,
    pub(super) labels: u32,
    pub(super) latents: u32,
}

impl Labelled {
    /// Their latents as bytes, from the lowest.
    pub(super) fn latent_bytes(&self) -> Vec<u8> {
        self.latents.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// The latent of image `index`; empty where none are kept.
    pub(super) fn latent(&self, index: usize) -> &[f32] {
        self.latents.get(index * LATENT..(index + 1) * LATENT).unwrap_or_default()
    }

    /// CRC-32 of each.
    pub(super) fn checksums(&self) -> Checksums {
        Checksums {
            pixels: checksum(&self.images).sum(),
            labels: checksum(&self.labels).sum(),
            latents: checksum(&self.latent_bytes()).sum(),
        }
    }

    /// Adds images of `other`, by their places there.
    pub(super) fn extend(&mut self, other: &Labelled, places: Range<usize>) {
        let scaled = |by: usize| places.start * by..places.end * by;
        self.images.extend_from_slice(&other.images[scaled(IMAGE_PIXELS)]);
        self.labels.extend_from_slice(&other.labels[places.clone()]);
        self.latents.extend_from_slice(other.latents.get(scaled(LATENT)).unwrap_or_default());
    }

    /// Puts image `number` of `other` in the place of image `index`.
    pub(super) fn replace(&mut self, index: usize, other: &Labelled, number: usize) {
        let pixels = |index: usize| index * IMAGE_PIXELS..(index + 1) * IMAGE_PIXELS;
        let latent = |index: usize| index * LATENT..(index + 1) * LATENT;
        self.images[pixels(index)].copy_from_slice(&other.images[pixels(number)]);
        self.labels[index] = other.labels[number];
        self.latents[latent(index)].copy_from_slice(&other.latents[latent(number)]);
    }
}

/// Numbers from bytes that begin with the lowest.
pub(super) fn latents_of(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}
