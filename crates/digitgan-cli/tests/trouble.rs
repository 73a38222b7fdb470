//! What stops a training midway spares what was saved; where the cause goes away, the training goes on to the same end.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::weights::TensorFile;
use std::fs;
use support::{Place, complaint, differences, files, outcome};

#[test]
fn numbers_that_are_not_finite_stop_a_training_and_spare_the_last_checkpoint() {
    let place = Place::new();
    let said = place
        .digitgan("train acgan --data digits --batch-size 8 --lr 1e20 --lr-d 0.001 --checkpoint-steps 1 --name hot");
    let run = place.run_directory("hot");
    let steps = run.checkpoint_steps().unwrap();
    let last = *steps.last().expect("the first step is finite");
    let stopped = format!("stopped at step {}: ", last + 1);
    let good = format!("the last good checkpoint (runs/hot/checkpoints/step-{last:08}.safetensors)");
    let says = [stopped.as_str(), "first seen in: ", &good, "try a smaller --lr"];
    assert_eq!(complaint(&said, 1, &says), None, "{said:?}");
    for step in steps {
        let tensors = TensorFile::read(&run.checkpoint(step)).unwrap().tensors;
        assert!(tensors.values().all(|tensor| tensor.values.iter().all(|value| value.is_finite())), "step {step}");
    }
    let before = outcome(&run);
    let again = place.digitgan("train --resume hot");
    assert_eq!(complaint(&again, 1, &says), None, "{again:?}");
    assert_eq!(differences(&before, &outcome(&run)), [""; 0]);
    place.succeed("sample hot --count 1");
}

/// Each file in turn cannot be replaced, as a folder is in its place; once it is gone, the training goes on.
#[test]
fn a_file_that_cannot_be_replaced_stops_a_training_which_then_goes_on() {
    let place = Place::new();
    let settings = "train gan --data digits --batch-size 8 --epochs 1";
    place.succeed(&format!("{settings} --name whole"));
    let whole = outcome(&place.run_directory("whole"));
    let mut failures = Vec::new();
    for name in [
        "generator.safetensors",
        "losses.png",
        "samples.gif",
        "samples/epoch-0001.png",
        "generators/epoch-0001.safetensors",
    ] {
        let case = name.replace(['/', '.'], "-");
        let run = place.run_directory(&case);
        place.succeed(&format!("{settings} --name {case} --max-steps 3"));
        let obstacle = run.path().join(name);
        let _ = fs::remove_file(&obstacle);
        fs::create_dir(&obstacle).unwrap();
        let said = place.digitgan(&format!("train --resume {case} --max-steps 6"));
        if let Some(complaint) = complaint(&said, 1, &["cannot write", name, "mend it, then --resume"]) {
            failures.push(format!("{name}: {complaint}\n{}", said.stderr));
        }
        fs::remove_dir(&obstacle).unwrap();
        place.succeed(&format!("train --resume {case} --max-steps 6"));
        let mut different = differences(&whole, &outcome(&run));
        different.retain(|name| name != "run.toml");
        if !different.is_empty() {
            failures.push(format!("{name}: afterwards {different:?} are others"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The disk fills up at files of various sizes; with room again, the training goes on to the same end.
#[cfg(unix)]
#[test]
fn a_full_disk_stops_a_training_which_then_goes_on() {
    let place = Place::new();
    let settings = "train gan --data digits --batch-size 8 --epochs 2 --checkpoint-steps 2";
    place.succeed(&format!("{settings} --name whole"));
    let whole = outcome(&place.run_directory("whole"));
    let mut failures = Vec::new();
    // In blocks of 512 bytes: nothing fits; a picture does not; a generator does not; a checkpoint does not.
    for (blocks, says) in [
        (0, "run.toml"),
        (20, "generator.safetensors"),
        (1000, "generator.safetensors"),
        (4000, "step-00000002.safetensors"),
    ] {
        let name = format!("full-{blocks}");
        // Without the signal a write beyond the limit is an error, as it is on a full disk.
        let before = format!("trap '' XFSZ; ulimit -f {blocks}");
        let said = place.shell(&before, &format!("{settings} --name {name}"));
        if let Some(complaint) = complaint(&said, 1, &["cannot write", says, "make room"]) {
            failures.push(format!("{blocks} blocks: {complaint}\n{}", said.stderr));
        }
        let run = place.run_directory(&name);
        let unfinished = files(run.path()).keys().any(|name| name.ends_with(".tmp"));
        let again = if run.manifest().exists() {
            format!("train --resume {name}")
        } else {
            format!("{settings} --name {name}")
        };
        place.succeed(&again);
        let different = differences(&whole, &outcome(&run));
        if unfinished || !different.is_empty() {
            failures.push(format!("{blocks} blocks: unfinished files {unfinished}, others {different:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
