//! What happens while a data set is being loaded.

/// What a person may want to know while a data set is being loaded.
///
/// ```
/// use digitgan::prelude::*;
///
/// let tell = |event: DataEvent<'_>| match event {
///     DataEvent::Download { file, received, .. } => println!("{file}: {received} bytes"),
///     DataEvent::FellBackToStrokes { reason } => println!("the built-in digits instead: {reason}"),
///     _ => {}
/// };
/// let nowhere = DataSource::Path("no/such/folder".into());
/// assert!(load(&nowhere, &Reading::default(), "data".as_ref(), &tell).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataEvent<'a> {
    /// A download goes on; the first event of each attempt has received nothing.
    Download {
        /// Name of the file.
        file: &'a str,
        /// Where it comes from.
        url: &'a str,
        /// Bytes so far.
        received: u64,
        /// Bytes in all, if the server said so.
        total: Option<u64>,
    },
    /// A mirror failed; the next one, or the same one again, is asked if there is hope.
    MirrorFailed {
        /// Name of the file.
        file: &'a str,
        /// Where it should have come from.
        url: &'a str,
        /// What went wrong.
        reason: &'a str,
    },
    /// The strokes are being drawn.
    Drawing {
        /// Images so far.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// `auto` could not have MNIST and goes on with the strokes.
    FellBackToStrokes {
        /// Why MNIST could not be had.
        reason: &'a str,
    },
    /// Images of a split are being read.
    Reading {
        /// Images so far.
        images: usize,
    },
}

/// Whoever is told of [`DataEvent`]s; may be called from several threads.
pub type OnEvent<'a> = &'a (dyn Fn(DataEvent<'_>) + Sync);
