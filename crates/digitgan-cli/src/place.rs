//! Looking at the places where results go before the work is done.

use anyhow::Context;
use digitgan::files;
use std::path::Path;

/// Checks that files can be written into a folder, which need not be there yet.
pub(crate) fn check_folder(path: &Path) -> anyhow::Result<()> {
    files::check_folder(path).with_context(|| format!("cannot write into {}", path.display()))
}
