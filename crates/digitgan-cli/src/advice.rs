//! What to do about an error, in terms of this program's options. The library's errors name fields, since it does not know
//! the options.

use crate::further::instead_of_going_back;
use crate::suggestion::Suggestion;
use digitgan::engine::{DeviceError, EngineError};
use digitgan::evaluation::EvaluationError;
use digitgan::files::output::OutputError;
use digitgan::generate::GenerateError;
use digitgan::page::PageError;
use digitgan::run::evaluation_files::EvaluationFileError;
use digitgan::run::manifest::ManifestError;
use digitgan::run::{LockError, RecordError, RunDirectory};
use digitgan::session::{KeptJudgeError, SessionError};
use digitgan::train::TrainError;
use std::error::Error;
use std::path::Path;

/// What to do about an error, if its causes have an answer: one line.
pub(crate) fn about(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(about_cause)
}

fn about_cause(cause: &(dyn Error + 'static)) -> Option<String> {
    None.or_else(|| about_session(cause.downcast_ref()?))
        .or_else(|| about_training(cause.downcast_ref()?))
        .or_else(|| about_device(cause.downcast_ref()?))
        .or_else(|| about_page(cause.downcast_ref()?))
        .or_else(|| about_evaluation(cause.downcast_ref()?))
        .or_else(|| about_evaluation_file(cause.downcast_ref()?))
        .or_else(|| about_judge(cause.downcast_ref()?))
        .or_else(|| about_manifest(cause.downcast_ref()?))
        .or_else(|| about_output(cause.downcast_ref()?))
        .or_else(|| about_generated(cause.downcast_ref()?))
}

fn about_evaluation_file(error: &EvaluationFileError) -> Option<String> {
    match error {
        EvaluationFileError::Format { path, .. } => {
            let run = path.parent().filter(|run| !run.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some(format!("make it anew with `{}`", Suggestion::new("evaluate").path(run)))
        }
        EvaluationFileError::Folder { .. } | EvaluationFileError::Write { .. } => {
            Some("make room or mend it; `digitgan evaluate` writes elsewhere with --out".to_owned())
        }
        _ => None,
    }
}

fn about_generated(error: &GenerateError) -> Option<String> {
    matches!(error, GenerateError::OtherSet { .. }).then(|| "choose another --out".to_owned())
}

fn about_output(error: &OutputError) -> Option<String> {
    match error {
        OutputError::Foreign { .. } => Some("choose another --out, or remove the file".to_owned()),
        OutputError::Write { .. } => Some("choose another --out".to_owned()),
        _ => None,
    }
}

fn about_manifest(error: &ManifestError) -> Option<String> {
    let missing = matches!(error, ManifestError::Missing { .. });
    missing.then(|| "a run is what `digitgan train` makes, such as runs/acgan-mnist".to_owned())
}

fn about_judge(error: &KeptJudgeError) -> Option<String> {
    match error {
        KeptJudgeError::Write { path, .. } if path.parent().is_some_and(|folder| folder.ends_with("judges")) => {
            Some("judges are kept in the folder of data sets: choose another with --data-dir".to_owned())
        }
        KeptJudgeError::Write { .. } => Some("choose another --out".to_owned()),
        _ => None,
    }
}

fn about_device(error: &DeviceError) -> Option<String> {
    match error {
        DeviceError::NotBuilt { feature, .. } => {
            Some(format!("build it with `cargo build --release --features {feature}`"))
        }
        DeviceError::Missing { found: 0, .. } => Some("--device cpu needs none".to_owned()),
        _ => None,
    }
}

fn about_page(error: &PageError) -> Option<String> {
    match error {
        PageError::NoGenerator { path, checkpoint: Some(_) } => Some(made_of_checkpoint(path)),
        PageError::NoEvaluation { path } => Some(format!("run `{}` first", Suggestion::new("evaluate").path(path))),
        PageError::Foreign { .. } => Some("choose another --out".to_owned()),
        _ => None,
    }
}

/// How a run's generator that is gone comes again.
fn made_of_checkpoint(run: &Path) -> String {
    format!("`{}` makes it of that", Suggestion::new("train").word("--resume").path(run))
}

fn about_evaluation(error: &EvaluationError) -> Option<String> {
    let classes = matches!(error, EvaluationError::Classes { .. });
    classes.then(|| "say where it is with --data".to_owned())
}

fn about_session(error: &SessionError) -> Option<String> {
    match error {
        SessionError::Exists { path } => {
            let resume = Suggestion::new("train").word("--resume").path(path);
            Some(format!("`{resume}` goes on with it; or choose another --name or --out"))
        }
        SessionError::NotEmpty { .. } => Some("choose another --name or --out, or empty it".to_owned()),
        SessionError::Lock(LockError::Held { .. }) => Some("wait for it to end, or stop it first".to_owned()),
        SessionError::Beyond { path, step, .. } => Some(instead_of_going_back(&RunDirectory::new(path), *step)),
        SessionError::NoGenerator { path, checkpoint: Some(_) } => Some(made_of_checkpoint(path)),
        SessionError::NoRoom { .. } => Some("make room or choose another --out".to_owned()),
        SessionError::EvaluationFile(error) => about_evaluation_file(error),
        SessionError::Judge(error) => about_judge(error),
        SessionError::OtherSettings { .. } => Some("choose another --out".to_owned()),
        SessionError::NobodyWatches { .. } => Some("give --watch on, which trains one".to_owned()),
        SessionError::Record(RecordError::Files { .. }) => Some("make room or mend it, then --resume".to_owned()),
        // Nothing was begun there.
        SessionError::Folder { action: "write", .. } => {
            Some("make room there, or choose another --name or --out".to_owned())
        }
        SessionError::Training { source, .. } => about_training(source),
        _ => None,
    }
}

fn about_training(error: &TrainError) -> Option<String> {
    let advice = match error {
        TrainError::NotFinite { .. } => "try a smaller --lr or another --seed",
        TrainError::Engine(EngineError::OutOfMemory { .. }) => {
            "a smaller --batch-size needs less, and --device cpu none of it"
        }
        TrainError::Device { source: EngineError::OutOfMemory { .. }, .. } => {
            "start a new run with a smaller --batch-size, or go on with --resume on --device cpu"
        }
        TrainError::Device { .. } => "go on with --resume, with --device cpu if need be",
        _ => return None,
    };
    Some(advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lack_of_memory_and_other_failures_have_answers_of_their_own() {
        let memory = || EngineError::OutOfMemory { device: "cuda:0".to_owned(), reason: "no room".to_owned() };
        let hung = EngineError::Device { device: "cuda:0".to_owned(), reason: "it hung".to_owned() };
        let in_a_step = |source| TrainError::Device { step: 51, source, last_good: Some(50) };
        for (error, expected) in [
            (TrainError::from(memory()), Some("a smaller --batch-size needs less")),
            (in_a_step(memory()), Some("start a new run with a smaller --batch-size")),
            (in_a_step(hung.clone()), Some("go on with --resume")),
            (TrainError::from(hung), None),
        ] {
            let session = SessionError::Training { source: error, checkpoint: None };
            let advice = about(&anyhow::Error::from(session));
            assert_eq!(advice.is_some(), expected.is_some(), "{advice:?}");
            assert!(advice.unwrap_or_default().starts_with(expected.unwrap_or_default()));
        }
    }
}
