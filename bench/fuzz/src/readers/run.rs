//! The files of a run directory, and files of settings.

use super::Target;
use digitgan::config::{Layer, Setting};
use digitgan::run::step_log::{StepLog, check, read};
use digitgan::run::timing::{Stopwatch, Timing};
use digitgan::run::{Holder, RunDirectory, evaluation_files, manifest::Manifest};
use digitgan::train::{CollapseRecord, LossRecord};
use std::fs;
use std::path::Path;

pub(super) fn losses(folder: &Path) -> anyhow::Result<Target> {
    let run = RunDirectory::new(folder);
    Ok(Target::of(vec![include_bytes!("../../corpus/losses.csv").to_vec()], move |bytes| {
        fs::write(run.losses(), bytes)?;
        let whole = read::<LossRecord>(&run.losses()).is_ok();
        check::<LossRecord>(&run.losses(), 4);
        drop(StepLog::<LossRecord>::resume(&run.losses(), 4)?);
        forget_what_was_kept(&run)?;
        Ok(whole)
    }))
}

pub(super) fn watch(folder: &Path) -> anyhow::Result<Target> {
    let run = RunDirectory::new(folder);
    Ok(Target::of(vec![include_bytes!("../../corpus/watch.csv").to_vec()], move |bytes| {
        fs::write(run.watch(), bytes)?;
        let whole = read::<CollapseRecord>(&run.watch()).is_ok();
        check::<CollapseRecord>(&run.watch(), 300);
        drop(StepLog::<CollapseRecord>::resume(&run.watch(), 300)?);
        forget_what_was_kept(&run)?;
        Ok(whole)
    }))
}

pub(super) fn timing(folder: &Path) -> anyhow::Result<Target> {
    let run = RunDirectory::new(folder);
    Ok(Target::of(vec![include_bytes!("../../corpus/timing.json").to_vec()], move |bytes| {
        fs::write(run.timing(), bytes)?;
        let timing = Timing::read(&run.timing());
        let whole = timing.is_ok_and(|timing| timing.is_some_and(|timing| timing.seconds_per_step().is_some()));
        drop(Stopwatch::take_up(&run, 3)?);
        forget_what_was_kept(&run)?;
        Ok(whole)
    }))
}

pub(super) fn evaluation(folder: &Path) -> anyhow::Result<Target> {
    let folder = folder.to_owned();
    Ok(Target::of(vec![include_bytes!("../../corpus/evaluation.json").to_vec()], move |bytes| {
        fs::write(evaluation_files::record(&folder), bytes)?;
        Ok(evaluation_files::read(&folder).is_ok())
    }))
}

pub(super) fn manifest(folder: &Path) -> anyhow::Result<Target> {
    let run = RunDirectory::new(folder);
    Ok(Target::of(vec![include_bytes!("../../corpus/run.toml").to_vec()], move |bytes| {
        fs::write(run.manifest(), bytes)?;
        Ok(Manifest::read(&run.manifest()).is_ok())
    }))
}

/// Settings in a TOML file, and each line of it as the value of a flag.
pub(super) fn config(_: &Path) -> anyhow::Result<Target> {
    Ok(Target::of(vec![include_bytes!("../../corpus/config.toml").to_vec()], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines() {
            let (name, value) = line.split_once('=').unwrap_or(("epochs", line));
            if let Some(setting) = Setting::named(name.trim()) {
                // Whether it is a value does not matter here.
                let _ = setting.set(&mut Layer::default(), value.trim().trim_matches('"'));
            }
        }
        Ok(toml::from_str::<Layer>(&text).is_ok_and(|layer| layer.config().is_ok()))
    }))
}

/// Who holds the lock of a run: [`RunLock::check`](digitgan::run::RunLock::check) waits before it reads the file.
pub(super) fn lock(_: &Path) -> anyhow::Result<Target> {
    let holder = br#"{"process": 12, "since": "2026-01-02 03:04:05 UTC"}"#;
    Ok(Target::of(vec![holder.to_vec()], |bytes| Ok(serde_json::from_slice::<Holder>(bytes).is_ok())))
}

/// What could not be read is kept beside; here there would be very much of it.
fn forget_what_was_kept(run: &RunDirectory) -> anyhow::Result<()> {
    for entry in fs::read_dir(run.path())? {
        let path = entry?.path();
        if path.to_string_lossy().contains(".damaged") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
