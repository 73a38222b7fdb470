//! How a run can go on whose steps are done.

use crate::suggestion::Suggestion;
use digitgan::run::RunDirectory;
use digitgan::run::manifest::Manifest;

/// Whether all steps of the epochs that were planned are done, and not only those up to --max-steps.
pub(crate) fn is_whole(manifest: &Manifest, step: u64) -> bool {
    step >= manifest.config.scheduled_steps(manifest.dataset.identity.train_images)
}

/// How a run can go on after `step` steps, if it can, and what that is called. The epochs that were planned lift --max-steps.
pub(crate) fn further(run: &RunDirectory, manifest: &Manifest, step: u64) -> Option<(&'static str, Suggestion)> {
    let config = &manifest.config;
    let resume = Suggestion::new("train").word("--resume").path(run.path());
    let with = |epochs: u32| resume.option("--epochs", &epochs.to_string());
    match is_whole(manifest, step) {
        false => Some(("go on", with(config.epochs))),
        true if config.is_scheduled() => None,
        true => Some(("train on", with(config.epochs.saturating_add(10)))),
    }
}

/// What to do about a call that asks for fewer steps than the `step` that are done.
pub(crate) fn instead_of_going_back(run: &RunDirectory, step: u64) -> String {
    let draw = format!("draw with what it has: `{}`", Suggestion::new("sample").path(run.path()));
    let Ok(manifest) = Manifest::read(&run.manifest()) else { return draw };
    match further(run, &manifest, step) {
        None => format!("its learning rates or its noise have come to their end, so {draw}"),
        Some((what, command)) if is_whole(&manifest, step) => format!("{what} with `{command}`, or {draw}"),
        Some((what, command)) => {
            let step = crate::number::thousands(step);
            format!("{what} with --max-steps above {step} or with `{command}`, or {draw}")
        }
    }
}
