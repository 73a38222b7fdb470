//! What each error is about.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::engine::{NotFinite, StateError, ThreadsError};
use digitgan::files::output::{FileKind, OutputError};
use digitgan::handwriting::HandwritingError;
use digitgan::load::{ArrayError, CsvError, ParquetError};
use digitgan::page::PictureFileError;
use digitgan::prelude::*;
use digitgan::run::evaluation_files::EvaluationFileError;
use digitgan::run::timing::TimingError;
use digitgan::run::{CheckpointError, LockError, RecordError, StepLogError};
use digitgan::session::KeptJudgeError;
use digitgan::written::WrittenError;
use std::io;
use std::path::PathBuf;

fn path() -> PathBuf {
    "a/file".into()
}

fn refused() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

fn input() -> InputError {
    InputError::ClassCount { found: 1 }
}

fn memory() -> EngineError {
    EngineError::OutOfMemory { device: "cuda:0".to_owned(), reason: "no room".to_owned() }
}

fn setting() -> ConfigError {
    ConfigError::Range { setting: "lr", found: "0".to_owned(), expected: "more" }
}

fn damaged() -> WeightsError {
    WeightsError::Damaged { found: "a".to_owned(), expected: "b".to_owned() }
}

fn mismatch() -> StateError {
    StateError::Missing("bn1.weight".to_owned())
}

/// The kinds of some values, each with what it is to be.
macro_rules! kinds {
    ($($error:expr => $kind:ident),+ $(,)?) => {
        [$((stringify!($error), $error.kind(), ErrorKind::$kind)),+]
    };
}

#[test]
fn errors_below_the_waterline() {
    let device = || EngineError::Device { device: "cuda:0".to_owned(), reason: "it hung".to_owned() };
    let not_finite = || NotFinite("D's loss is NaN".to_owned());
    let few = || MetricError::TooFew { what: "samples", found: 1, needed: 2 };
    let dataset = || "squares".to_owned();
    let cases = kinds![
        input() => Input,
        mismatch() => Mismatch,
        memory() => Memory,
        device() => Device,
        EngineError::from(not_finite()) => NotFinite,
        EngineError::from(mismatch()) => Mismatch,
        EngineError::from(input()) => Input,
        ThreadsError { asked: 0, reason: String::new() } => Input,
        ThreadsError { asked: 2, reason: String::new() } => Device,
        DeviceError::from(ThreadsError { asked: 0, reason: String::new() }) => Input,
        DeviceError::NotBuilt { api: digitgan::engine::Api::Cuda, feature: "cuda" } => Device,
        DeviceError::Missing { api: digitgan::engine::Api::Cuda, index: 1, found: 1 } => Missing,
        setting() => Setting,
        ConfigError::BatchTooLarge { batch: 64, dataset: dataset(), images: 20 } => Data,
        ConfigError::Fixed { setting: "lr", found: "1".to_owned(), recorded: None } => Setting,
        few() => Data,
        MetricError::NotImages { found: 783, pixels: 784 } => Input,
        damaged() => Damaged,
        WeightsError::Overflow { name: "bn1.bias".to_owned(), found: "1e300".to_owned() } => Damaged,
        WeightsError::PyTorch { reason: "it has no data.pkl".to_owned() } => Damaged,
        JudgeError::from(not_finite()) => NotFinite,
        JudgeError::from(input()) => Input,
        JudgeError::from(mismatch()) => Mismatch,
        JudgeError::TooFewImages { dataset: dataset(), images: 1 } => Data,
        EvaluationError::Judge { judge: 10, dataset: dataset(), classes: 2 } => Mismatch,
        EvaluationError::TooFewImages { dataset: dataset(), train: 1, test: 1, needed: 20 } => Data,
        EvaluationError::from(few()) => Data,
        EvaluationError::from(memory()) => Memory,
        TrainError::from(setting()) => Setting,
        TrainError::from(memory()) => Memory,
        TrainError::Device { step: 2, source: device(), last_good: None } => Device,
        TrainError::NotFinite { step: 2, what: String::new(), tensor: String::new(), last_good: None } => NotFinite,
        TrainError::Observer("the client is gone".into()) => Other,
        HandwritingError::Blank => Input,
        HandwritingError::Unasked => Mismatch,
        HandwritingError::from(memory()) => Memory,
    ];
    for (error, found, expected) in cases {
        assert_eq!(found, expected, "{error}");
    }
}

#[test]
fn errors_above_it() {
    let missing = || WeightsFileError::Io { path: path(), source: io::ErrorKind::NotFound.into() };
    let no_run = || ManifestError::Missing { path: path() };
    let train = |source| SessionError::Training { source, checkpoint: None };
    let cases = kinds![
        missing() => Missing,
        WeightsFileError::Io { path: path(), source: refused() } => Files,
        WeightsFileError::Content { path: path(), source: damaged() } => Damaged,
        OutputError::Extension { path: path(), kind: FileKind::Png } => Input,
        OutputError::Foreign { path: path(), found: "a text", kind: FileKind::Png } => InUse,
        OutputError::Write { path: path(), source: refused() } => Files,
        DataError::NoSuchFolder { path: path() } => Missing,
        DataError::Read { path: path(), source: refused() } => Files,
        DataError::Read { path: path(), source: io::ErrorKind::NotFound.into() } => Missing,
        DataError::Array { path: path(), problem: ArrayError::TrailingBytes { expected_bytes: 1 } } => Damaged,
        DataError::Download { file: String::new(), folder: path(), reason: String::new() } => Network,
        DataError::ClassCount { path: path(), found: 1 } => Data,
        DataError::Range { path: path(), low: -3.0, high: 3.0 } => Data,
        DataError::NoLabels { path: path(), images: 1 } => Data,
        DataError::Unreadable { path: path(), reason: String::new() } => Damaged,
        ArrayError::Size { rows: 0, columns: 1 } => Data,
        DataError::Csv { path: path(), problem: CsvError::Line { line: 1, reason: String::new() } } => Damaged,
        CsvError::LabelsUnclear => Data,
        DataError::Parquet { path: path(), problem: ParquetError::from(refused()) } => Damaged,
        ParquetError::Columns { columns: String::new() } => Data,
        no_run() => Missing,
        ManifestError::Version { path: path(), found: 99 } => Mismatch,
        CheckpointError::OtherRun { path: path() } => Mismatch,
        CheckpointError::from(missing()) => Missing,
        StepLogError::from(refused()) => Files,
        LockError::Held { path: path(), holder: None } => InUse,
        LockError::Io { path: path(), source: refused() } => Files,
        TimingError::Io { path: path(), source: refused() } => Files,
        TimingError::Format { path: path(), reason: String::new() } => Damaged,
        EvaluationFileError::Format { path: path(), reason: String::new() } => Damaged,
        EvaluationFileError::Folder { path: path(), source: refused() } => Files,
        EvaluationFileError::Write { path: path(), source: PictureError::from(refused()) } => Files,
        RecordError::Files { action: "write", path: path(), source: refused() } => Files,
        PictureError::Io(refused()) => Files,
        PictureError::PartialImage { bytes: 1 } => Input,
        GenerateError::Stopped { done: 0, all: 1 } => Stopped,
        GenerateError::NotEmpty { path: path() } => InUse,
        GenerateError::Busy { path: path() } => InUse,
        GenerateError::OtherSet { path: path(), differences: String::new() } => Mismatch,
        GenerateError::NoRoom { path: path(), free: 1, needed: 2 } => Files,
        GenerateError::Setting { what: "shard", found: "5 of 4".to_owned(), expected: "less".to_owned() } => Input,
        GenerateError::NotBuilt => Input,
        GenerateError::NeverSure { what: "a digit".to_owned(), tries: 100, least: 0.9 } => Other,
        GenerateError::Read { path: path(), source: refused() } => Files,
        GenerateError::NoShards { path: path() } => Missing,
        GenerateError::MissingShards { missing: 1, of: 2 } => Missing,
        GenerateError::NoClass => Input,
        GenerateError::JudgeClasses { judge: 10, generator: 2 } => Mismatch,
        ConvertError::NotVacant { path: path() } => InUse,
        ConvertError::Special { path: path(), found: "a device" } => InUse,
        ConvertError::from(input()) => Input,
        "nothing".parse::<ConvertLayout>().unwrap_err() => Input,
        KeptJudgeError::from(missing()) => Missing,
        KeptJudgeError::Write { path: path(), source: refused() } => Files,
        SessionError::Exists { path: path() } => InUse,
        SessionError::Beyond { path: path(), step: 2, total: 1 } => Mismatch,
        SessionError::NobodyWatches { dataset: String::new() } => Setting,
        SessionError::NotText { setting: "data", path: path() } => Setting,
        SessionError::from(setting()) => Setting,
        SessionError::from(no_run()) => Missing,
        SessionError::from(LockError::Held { path: path(), holder: None }) => InUse,
        train(TrainError::from(setting())) => Setting,
        train(TrainError::from(memory())) => Memory,
        PictureFileError::Format { path: path() } => Damaged,
        PageError::from(no_run()) => Missing,
        PageError::Foreign { path: path() } => InUse,
        WrittenError::Transparent { what: "a JPEG file" } => Input,
        WrittenError::Count { found: 0, most: 1 } => Input,
        WrittenError::NoRoom { path: path(), free: 1, needed: 2, count: 1 } => Files,
        WrittenError::Encode(String::new()) => Other,
        WrittenError::from(ConvertError::Stopped) => Stopped,
        WrittenError::from(HandwritingError::Unasked) => Mismatch,
    ];
    for (error, found, expected) in cases {
        assert_eq!(found, expected, "{error}");
    }
}
