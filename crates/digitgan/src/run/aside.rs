//! Keeping what could not be read: nothing that was in a run directory is thrown away because it is damaged.

use super::directory::damaged;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Keeps the file at `path`, which is about to be replaced, under another name beside it, and returns that name.
pub(super) fn keep(path: &Path) -> io::Result<PathBuf> {
    let kept = free(path);
    // Where a file system knows no second names, a copy does the same.
    fs::hard_link(path, &kept).or_else(|_| copy(path, &kept))?;
    Ok(kept)
}

/// Moves whatever is at `path` to another name beside it, and returns that name.
pub(super) fn move_away(path: &Path) -> io::Result<PathBuf> {
    let kept = free(path);
    fs::rename(path, &kept)?;
    Ok(kept)
}

/// A name beside `path` that nothing has yet.
fn free(path: &Path) -> PathBuf {
    let names = (1..).map(|number| damaged(path, number));
    names.into_iter().find(|name| name.symlink_metadata().is_err()).expect("numbers do not end")
}

fn copy(path: &Path, kept: &Path) -> io::Result<()> {
    io::copy(&mut File::open(path)?, &mut File::create_new(kept)?)?;
    Ok(())
}
