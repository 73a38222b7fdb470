//! TensorBoard itself reads what the event writer writes.
//!
//! Ignored by default, for it needs Python with the package `tensorboard`:
//! `DIGITGAN_PYTHON=python3 cargo test -p digitgan --test tensorboard -- --ignored`
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use digitgan::IMAGE_PIXELS;
use digitgan::picture::Grid;
use digitgan::run::tensorboard::{EventWriter, Hyperparameter, write_scalars};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

/// Makes losses of the same step in different sessions different, so that a stale one shows.
fn loss(session: u32, step: u64) -> f32 {
    step as f32 * 0.1 + session as f32
}

/// The grid of a step: a different picture at each, to tell them apart.
fn grid(step: u64) -> (Vec<u8>, usize, usize) {
    let count = 1 + step as usize / 20;
    let picture = Grid::new(3).draw(&vec![step as u8; count * IMAGE_PIXELS]).unwrap();
    (picture.png(&[]).unwrap(), picture.width(), picture.height())
}

/// A session that trains `steps`, with a grid at every 20th.
fn train(dir: &Path, session: u32, steps: RangeInclusive<u64>) {
    let purge = (session > 0).then_some(*steps.start());
    // Sessions within the same second must still be read in order.
    let writer = EventWriter::create(dir, 1.7e9, purge).unwrap();
    let settings = [
        ("lr".to_owned(), Hyperparameter::Number(0.5)),
        ("model".to_owned(), Hyperparameter::Text("acgan".to_owned())),
    ];
    let mut writer = writer.with_hyperparameters(1.7e9, &settings);
    for step in steps {
        let wall_time = 1.7e9 + step as f64 / 8.0;
        let losses = [("loss/discriminator", loss(session, step)), ("loss/generator", 0.0)];
        writer.scalars(step, wall_time, &losses).unwrap();
        if step.is_multiple_of(20) {
            let (png, width, height) = grid(step);
            writer.image(step, wall_time, "samples", &png, width, height).unwrap();
        }
    }
    writer.flush().unwrap();
}

/// What should be left where each session's steps are those given.
fn expected(kept: &[(u32, RangeInclusive<u64>)]) -> Value {
    let steps = || kept.iter().flat_map(|(session, steps)| steps.clone().map(|s| (*session, s)));
    let discriminator: Vec<_> = steps().map(|(session, step)| json!([step, f64::from(loss(session, step))])).collect();
    let generator: Vec<_> = steps().map(|(_, step)| json!([step, 0.0])).collect();
    let images: Vec<_> = steps()
        .filter(|(_, step)| step.is_multiple_of(20))
        .map(|(_, step)| {
            let (png, width, height) = grid(step);
            let hash = Sha256::digest(&png);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            json!([step, width, height, hash])
        })
        .collect();
    json!({
        "scalars": {"loss/discriminator": discriminator, "loss/generator": generator},
        "images": {"samples": images},
        "hyperparameters": {"lr": 0.5, "model": "acgan"},
    })
}

/// Runs the checker; gives whether it is content, and what it says.
fn check(dir: &Path, expected: &Value) -> (bool, String) {
    let file = dir.with_extension("json");
    fs::write(&file, expected.to_string()).unwrap();
    let python = std::env::var_os("DIGITGAN_PYTHON").unwrap_or_else(|| "python3".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(python)
        .arg(root.join("reference/check_tensorboard.py"))
        .arg(dir)
        .arg("--expect-json")
        .arg(&file)
        .arg("--server")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
#[ignore = "needs Python with tensorboard; set DIGITGAN_PYTHON"]
fn tensorboard_reads_runs_and_drops_what_resumed_runs_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    train(&dir, 0, 1..=100);
    let (content, said) = check(&dir, &expected(&[(0, 1..=100)]));
    assert!(content, "one session: {said}");

    // Resumed after step 50; the killed session's file ends in a torn record.
    let first = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let length = fs::metadata(&first).unwrap().len();
    File::options().write(true).open(&first).unwrap().set_len(length - 9).unwrap();
    train(&dir, 1, 51..=120);
    train(&dir, 2, 81..=140);
    let kept = expected(&[(0, 1..=50), (1, 51..=80), (2, 81..=140)]);
    let (content, said) = check(&dir, &kept);
    assert!(content, "resumed twice: {said}");

    // Metrics of evaluations, beside the sessions: of two of one step the newer, none taken away by a session.
    let below = dir.join("evaluation");
    for (step, recall) in [(120, 0.5), (60, 0.25), (60, 0.75)] {
        write_scalars(&below, step, 1.7e9, &[("evaluation/recall", recall)]).unwrap();
    }
    let metrics = json!({
        "scalars": {"evaluation/recall": [[60, 0.75], [120, 0.5]]}, "images": {}, "hyperparameters": {},
    });
    let (content, said) = check(&below, &metrics);
    assert!(content, "metrics: {said}");
    let (content, said) = check(&dir, &kept);
    assert!(content, "with metrics below: {said}");

    // The checker can fail.
    let wrong = expected(&[(0, 1..=50), (1, 51..=81), (2, 82..=140)]);
    let (content, said) = check(&dir, &wrong);
    assert!(!content && said.contains("loss/discriminator"), "{said}");
}
