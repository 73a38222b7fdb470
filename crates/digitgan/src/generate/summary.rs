//! What a record says of a part, in the making.

use super::labelled::Labelled;
use super::record::SplitRecord;
use crate::hash::hex;
use sha2::{Digest, Sha256};

/// Counts and hashes of the images so far.
#[derive(Clone)]
pub(super) struct Summary {
    counts: Vec<u64>,
    images: Sha256,
    labels: Sha256,
    /// None where latents are not kept.
    latents: Option<Sha256>,
}

impl Summary {
    pub(super) fn new(classes: usize, has_latents: bool) -> Self {
        let latents = has_latents.then(Sha256::new);
        Summary { counts: vec![0; classes], images: Sha256::new(), labels: Sha256::new(), latents }
    }

    pub(super) fn add(&mut self, some: &Labelled) {
        self.images.update(&some.images);
        self.labels.update(&some.labels);
        if let Some(latents) = &mut self.latents {
            latents.update(some.latent_bytes());
        }
        for &label in &some.labels {
            self.counts[usize::from(label)] += 1;
        }
    }

    pub(super) fn finish(self) -> SplitRecord {
        SplitRecord {
            images: self.counts.iter().sum(),
            counts: self.counts,
            images_sha256: hex(self.images.finalize()),
            labels_sha256: hex(self.labels.finalize()),
            latents_sha256: self.latents.map(|latents| hex(latents.finalize())).unwrap_or_default(),
        }
    }
}
