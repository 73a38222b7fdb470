//! MNIST: its four files, where they lie, and whether they are the real ones.
//!
//! The files are looked for in the folder `mnist` of the data folder, gzipped or not; those that
//! are missing are downloaded. The SHA-256 of the uncompressed contents is checked at every load, in
//! passing: a run that says `mnist` was trained on MNIST.

use super::error::{ArrayError, DataError};
use super::events::OnEvent;
use super::hashing::Hashing;
use super::remote::{Mirrors, RemoteFile};
use super::{idx, open};
use crate::data::{Dataset, Split};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Training images.
pub const TRAIN_IMAGES: RemoteFile = RemoteFile {
    name: "train-images-idx3-ubyte",
    bytes: 47_040_016,
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
};
/// Training labels.
pub const TRAIN_LABELS: RemoteFile = RemoteFile {
    name: "train-labels-idx1-ubyte",
    bytes: 60_008,
    sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
};
/// Test images.
pub const TEST_IMAGES: RemoteFile = RemoteFile {
    name: "t10k-images-idx3-ubyte",
    bytes: 7_840_016,
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
};
/// Test labels.
pub const TEST_LABELS: RemoteFile = RemoteFile {
    name: "t10k-labels-idx1-ubyte",
    bytes: 10_008,
    sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};

const CLASSES: usize = 10;

/// Loads MNIST from `data_dir/mnist`, downloading what is missing there.
///
/// # Errors
/// [`DataError::MnistHash`] or [`DataError::MnistDamaged`] if a file is there but is not MNIST's (it
/// is never replaced), [`DataError::Download`] or [`DataError::Write`] if a missing file cannot be
/// had, [`DataError::Read`] if a file cannot be read.
pub fn load(data_dir: &Path, mirrors: &Mirrors, on_event: OnEvent) -> Result<Dataset, DataError> {
    let folder = data_dir.join("mnist");
    // Small files first: where there is no network, or the wrong one, it shows at once.
    let find = |file| match locate(&folder, file)? {
        Some(path) => Ok(path),
        None => fetch(file, &folder, mirrors, on_event),
    };
    let (test_labels, train_labels) = (find(&TEST_LABELS)?, find(&TRAIN_LABELS)?);
    let (test_images, train_images) = (find(&TEST_IMAGES)?, find(&TRAIN_IMAGES)?);
    let (train, test) = rayon::join(
        || read_split((&TRAIN_IMAGES, &train_images), (&TRAIN_LABELS, &train_labels)),
        || read_split((&TEST_IMAGES, &test_images), (&TEST_LABELS, &test_labels)),
    );
    Ok(Dataset {
        name: "mnist".to_owned(),
        classes: CLASSES,
        class_names: (0..CLASSES).map(|class| class.to_string()).collect(),
        train: train?,
        test: test?,
    })
}

#[cfg(feature = "download")]
use super::download::fetch;

/// What this build has in place of a download.
#[cfg(not(feature = "download"))]
fn fetch(file: &RemoteFile, folder: &Path, _: &Mirrors, _: OnEvent) -> Result<PathBuf, DataError> {
    let reason = "this digitgan was built without downloads".to_owned();
    Err(DataError::Download { file: format!("{}.gz", file.name), folder: folder.to_owned(), reason })
}

/// Where `file` lies in `folder`: under its name, with `.gz` after it, or as copies elsewhere have it (with a dot in its
/// name, or in a folder of its name).
fn locate(folder: &Path, file: &RemoteFile) -> Result<Option<PathBuf>, DataError> {
    let (dashes, dots) = (file.name.to_owned(), file.name.replace("-idx", ".idx"));
    for name in [dashes.clone(), format!("{dashes}.gz"), dots.clone(), format!("{dots}.gz")] {
        let path = folder.join(&name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() && path.join(&name).is_file() => return Ok(Some(path.join(name))),
            Ok(_) => return Ok(Some(path)),
            Err(error) if is_absence(&error) => {}
            Err(source) => return Err(DataError::Read { path, source }),
        }
    }
    Ok(None)
}

/// Whether nothing is there. A folder that turns out to be a file shows when it is written to.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn read_split(
    (images_file, images_path): (&RemoteFile, &Path),
    (labels_file, labels_path): (&RemoteFile, &Path),
) -> Result<Split, DataError> {
    // Equal hashes mean equal files, so sizes and counts need no check of their own.
    let labels = read_verified(labels_file, labels_path, |reader| idx::read_labels(reader))?;
    let images = read_verified(images_file, images_path, |reader| idx::read_images(reader))?;
    Ok(Split { images, labels })
}

/// Reads a file with `read`, hashing its contents as they pass.
fn read_verified<T>(
    file: &RemoteFile,
    path: &Path,
    read: impl FnOnce(&mut (dyn Read + Send)) -> Result<T, ArrayError>,
) -> Result<T, DataError> {
    let mut reader = Hashing::new(open::open(path).map_err(DataError::read(path))?);
    let value = read(&mut reader).map_err(|problem| DataError::MnistDamaged { path: path.to_owned(), problem })?;
    let found = reader.finish();
    if found != file.sha256 {
        return Err(DataError::MnistHash { path: path.to_owned(), found, expected: file.sha256 });
    }
    Ok(value)
}
