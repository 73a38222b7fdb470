//! What an error is about, whichever part of the library it came from.

/// What an error is about, for a program that reacts to it: every error enum of the library has a `kind()`.
///
/// The text of an error is for people and names what was found; its kind is for `match`. A server would answer a
/// [`Setting`](ErrorKind::Setting) or an [`Input`](ErrorKind::Input) as its client's mistake, say.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let error = Sampler::new(&Device::cpu(Some(1))?, &generator)?.draw(1, &[12]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Input);
/// assert_eq!(error.to_string(), "class 12 (number 0, counted from 0) is none of the 10 classes, 0 to 9");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting that is impossible, by itself, beside another, or in a run that has begun.
    Setting,
    /// A class, a count, a shape or a number that was handed in and does not fit.
    Input,
    /// A data set that is malformed, or too small for what is asked.
    Data,
    /// Something that is not there: a file, a run, a device.
    Missing,
    /// A place for something new that holds something else.
    InUse,
    /// A file that is not what it should be: damaged, cut off, or of another format.
    Damaged,
    /// Things that are whole but do not belong together: weights and a model, a run and a data set.
    Mismatch,
    /// The file system refused to read or to write.
    Files,
    /// The network did not deliver.
    Network,
    /// A device that is not built in, cannot be used, or failed.
    Device,
    /// A device has not the memory.
    Memory,
    /// A number that is not finite came up in a computation.
    NotFinite,
    /// Whoever watched wanted it stopped.
    Stopped,
    /// Whatever else, such as an error of an observer's own.
    Other,
}

#[cfg(feature = "files")]
impl ErrorKind {
    /// Of a file that cannot be read.
    pub(crate) fn of_reading(error: &std::io::Error) -> ErrorKind {
        if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::Missing } else { ErrorKind::Files }
    }
}
