//! The ways through the program that work.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::config::{Recipe, TrainConfig};
use digitgan::model::Variant;
use digitgan::run::manifest::Manifest;
use digitgan_kernels::Kernels;
use std::fs;
use std::process::Stdio;
use support::{Place, differences, files, json, outcome, png_bytes};

const EPOCH: &str = "--data digits --epochs 1 --batch-size 8";

#[test]
fn training_leaves_every_file_that_it_promises() {
    let place = Place::new();
    for model in ["gan", "cgan", "acgan"] {
        let said = place.succeed(&format!("train {model} {EPOCH}"));
        let run = place.run_directory(&format!("{model}-digits"));
        let mut names: Vec<String> = files(run.path()).into_keys().collect();
        let events: Vec<String> = names.extract_if(.., |name| name.starts_with("tensorboard/events")).collect();
        assert_eq!(events.len(), 1, "{events:?}");
        let expected = [
            ".digitgan.lock",
            "checkpoints/",
            "checkpoints/step-00000006.safetensors",
            "generator.safetensors",
            "generators/",
            "generators/epoch-0001.safetensors",
            "losses.csv",
            "losses.png",
            "run.toml",
            "samples.gif",
            "samples/",
            "samples/epoch-0001.png",
            "tensorboard/",
            "timing.json",
        ];
        assert_eq!(names, expected);
        assert_eq!(fs::read_to_string(run.losses()).unwrap().lines().count(), 7);
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains('\u{1b}'), "escape codes in a pipe: {text:?}");
        }
        for file in ["samples/epoch-0001.png", "samples.gif", "losses.png", "losses.csv", "generator.safetensors"] {
            assert!(said.stdout.contains(&format!("runs/{model}-digits/{file}")), "{file}: {}", said.stdout);
        }
        // Who has no name gets another.
        if model == "gan" {
            place.succeed(&format!("train gan {EPOCH} --max-steps 1"));
            assert!(place.run_directory("gan-digits-2").manifest().exists());
        }
    }
}

#[test]
fn results_as_json() {
    let place = Place::new();
    let said = place.succeed(&format!("train acgan {EPOCH} --name a --json"));
    let result = json(&said.stdout);
    assert_eq!((&result["finished"], &result["step"], &result["total_steps"]), (&true.into(), &6.into(), &6.into()));
    assert!(place.path(result["generator"].as_str().unwrap()).exists());

    let result = json(&place.succeed("sample a --digits 2026 --count 2 --out d.png --json").stdout);
    assert_eq!(result["digits"], serde_json::json!(["2", "0", "2", "6", "2", "0", "2", "6"]));
    assert_eq!((&result["columns"], &result["seed"], &result["out"]), (&4.into(), &1.into(), &"d.png".into()));

    let result = json(&place.succeed("data info --data digits --json").stdout);
    assert_eq!((&result["name"], &result["train_images"]), (&"digits".into(), &support::TRAIN_IMAGES.into()));
    assert_eq!(result["train_counts"], serde_json::json!(vec![5; 10]));

    let result = json(&place.succeed("data show --data digits --rows 2 --json").stdout);
    assert_eq!(result["labels"].as_array().unwrap().len(), 20);
}

#[test]
fn a_picture_is_its_seed_its_place_and_its_class() {
    let place = Place::new();
    place.succeed(&format!("train acgan {EPOCH} --name a --max-steps 2"));
    place.succeed(&format!("train gan {EPOCH} --name g --max-steps 2"));
    let picture = |args: &str| {
        place.succeed(&format!("sample {args} --out x.png"));
        let decoder = png_bytes(&fs::read(place.path("x.png")).unwrap());
        (fs::read(place.path("x.png")).unwrap(), decoder)
    };
    let (bytes, _) = picture("a --seed 3");
    for same in
        ["a --seed 3 --threads 1", "a --seed 3 --threads 3", "runs/a --seed 3", "runs/a/generator.safetensors --seed 3"]
    {
        assert_eq!(picture(same).0, bytes, "{same}");
    }
    assert_ne!(picture("a --seed 4").0, bytes);
    // The same pictures stand at the beginning of a larger grid.
    for (few, many) in [
        ("a --count 2", "a --count 12"),
        ("g --count 10", "g --count 70"),
        ("a --digit 7 --count 10", "a --digit 7 --count 20"),
        ("a --digits 2026 --count 1", "a --digits 2026 --count 3"),
    ] {
        let ((width, few_rows), (other_width, many_rows)) = (picture(few).1, picture(many).1);
        assert_eq!(width, other_width, "{few} and {many}");
        // The last row of pixels is the margin below the last picture.
        let shared = few_rows.len() - 8 * width;
        assert!(many_rows.len() > few_rows.len() && many_rows[..shared] == few_rows[..shared], "{few} and {many}");
    }
    assert!(fs::read(place.path("x.png")).unwrap().windows(8).any(|text| text == b"digitgan"));
}

#[test]
fn data_for_people() {
    let place = Place::new();
    let info = place.succeed("data info --data digits").stdout;
    for text in ["train images  50", "test images   10", "classes       10", "sha256", "mean ink"] {
        assert!(info.contains(text), "{text}: {info}");
    }
    place.succeed("data show --data digits --augment affine,elastic --out a.png");
    place.succeed("data show --data digits --augment elastic,affine --out b.png --threads 1");
    place.succeed("data show --data digits --out plain.png");
    let read = |name: &str| fs::read(place.path(name)).unwrap();
    assert_eq!(read("a.png"), read("b.png"), "the order in which augmentations are named means nothing");
    assert_ne!(read("a.png"), read("plain.png"));
}

#[test]
fn settings_from_a_file_give_way_to_options() {
    let place = Place::new();
    let text = "model = \"cgan\"\ndata = \"digits\"\nepochs = 2\nbatch-size = 8\nlr = 0.0005\nlr-d = 0.0001\n\
                loss = \"cross-entropy\"\ng-loss = \"saturating\"\naugment = [\"affine\"]\nseed = 9\nname = \"from-file\"\nmax-steps = 7\n";
    fs::write(place.path("my.toml"), text).unwrap();
    place.succeed("train --config my.toml");
    place.succeed(
        "train cgan --data digits --epochs 2 --batch-size 8 --lr 0.0005 --lr-d 0.0001 --loss cross-entropy \
         --g-loss saturating \
         --augment affine --seed 9 --name by-hand --max-steps 7",
    );
    let by_hand = outcome(&place.run_directory("by-hand"));
    assert_eq!(differences(&by_hand, &outcome(&place.run_directory("from-file"))), [""; 0]);

    place.succeed("train gan --config my.toml --seed 4 --batch-size 10 --name mixed");
    let manifest = fs::read_to_string(place.run_directory("mixed").manifest()).unwrap();
    for line in ["model = \"gan\"", "seed = 4", "batch-size = 10", "lr = 0.0005", "g-loss = \"saturating\""] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }

    // The record of a run repeats it.
    place.succeed("train --config runs/by-hand/run.toml --name again");
    assert_eq!(differences(&by_hand, &outcome(&place.run_directory("again"))), [""; 0]);
}

#[test]
fn every_instruction_set_of_this_machine_can_be_asked_for() {
    let place = Place::new();
    for kernels in Kernels::available() {
        let name = kernels.name();
        let mut command = place.command(&format!("train gan {EPOCH} --max-steps 1 --name {name}"));
        command.env("DIGITGAN_SIMD", name);
        let said = support::said(command);
        assert!(said.code == Some(0) && said.stderr.contains(&format!("cpu ({name})")), "{said:?}");
    }
}

#[test]
fn every_verb_explains_itself_by_examples() {
    let place = Place::new();
    for (verb, examples) in [
        ("", false),
        ("train", true),
        ("sample", true),
        ("generate", true),
        ("data", false),
        ("data show", true),
        ("data info", true),
        ("evaluate", true),
        ("page", true),
        ("report", true),
        ("reproduce", true),
        ("judge", false),
        ("judge train", true),
        ("judge test", true),
    ] {
        let said = place.succeed(&format!("{verb} --help"));
        assert!(said.stdout.contains("Usage: digitgan"), "{verb}: {}", said.stdout);
        assert!(!examples || said.stdout.contains("Examples:\n  digitgan "), "{verb}: {}", said.stdout);
    }
    assert!(place.succeed("--version").stdout.starts_with("digitgan "));
}

/// A reader that goes away, as `head` does, is nothing to complain of.
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new();
    place.succeed(&format!("train gan {EPOCH} --max-steps 1 --name g"));
    for args in [
        "data info --data digits",
        "data info --data digits --json",
        "data show --data digits --json",
        "sample g",
        "sample g --json",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = place.command(args);
        let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.is_empty(), "{args}: {:?} {stderr}", output.status);
    }
}

#[test]
fn a_recipe_fills_in_what_no_option_says() {
    let place = Place::new();
    let settings = |options: &str, name: &str| {
        place.succeed(&format!("train acgan {EPOCH} {options} --max-steps 1 --name {name}"));
        Manifest::read(&place.run_directory(name).manifest()).unwrap().config
    };
    let expected = |recipe: Recipe, written: &TrainConfig| TrainConfig {
        data: written.data.clone(),
        epochs: 1,
        batch_size: 8,
        max_steps: Some(1),
        ..recipe.config(Variant::Acgan)
    };
    for (options, name, recipe) in [
        ("", "default", Recipe::Modern),
        ("--recipe modern", "modern", Recipe::Modern),
        ("--recipe report", "report", Recipe::Paper),
    ] {
        let written = settings(options, name);
        assert_eq!(written, expected(recipe, &written), "{options}");
    }
    // One rate said is both rates', whatever the recipe.
    let written = settings("--recipe modern --lr 0.002 --ema 0", "changed");
    let changed = TrainConfig { lr: 0.002, lr_d: 0.002, ema: 0.0, ..expected(Recipe::Modern, &written) };
    assert_eq!(written, changed);
    // The record of a run of the paper's protocol stays what it was.
    place.succeed("train --config runs/report/run.toml --name again");
    let [report, again] = ["report", "again"].map(|name| outcome(&place.run_directory(name)));
    assert_eq!(differences(&report, &again), [""; 0]);
}

#[test]
fn what_was_planned_cannot_be_made_longer() {
    let place = Place::new();
    place.succeed(&format!("train gan {EPOCH} --name planned --max-steps 2"));
    let before = outcome(&place.run_directory("planned"));
    let said = place.digitgan("train --resume planned --epochs 2");
    assert_eq!(said.code, Some(2), "{said:?}");
    for text in ["was planned to end after epoch 1", "--config runs/planned/run.toml --epochs 2 --name"] {
        assert!(said.stderr.contains(text), "{text}: {said:?}");
    }
    assert_eq!(differences(&before, &outcome(&place.run_directory("planned"))), [""; 0]);
    // Its own length is no change.
    let result = json(&place.succeed("train --resume planned --epochs 1 --json").stdout);
    assert_eq!((&result["step"], &result["finished"]), (&6.into(), &true.into()));
}

#[test]
fn more_epochs_are_not_held_up_by_an_earlier_limit_of_steps() {
    let place = Place::new();
    place.succeed(&format!("train gan --recipe report {EPOCH} --name limited --max-steps 2"));
    let result = json(&place.succeed("train --resume limited --epochs 2 --json").stdout);
    assert_eq!((&result["step"], &result["finished"]), (&12.into(), &true.into()));
}

#[test]
fn bfloat16_without_its_instruction_is_called_slower() {
    let place = Place::new();
    for (precision, expected) in [("bf16", true), ("f32", false)] {
        let args = format!("train gan {EPOCH} --precision {precision} --max-steps 1");
        let mut command = place.command(&args);
        command.env("DIGITGAN_SIMD", "scalar");
        let said = support::said(command);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let told = said.stderr.contains("--precision bf16 makes training slower here, not faster: cpu (scalar)");
        assert_eq!(told, expected, "{precision}: {}", said.stderr);
    }
}
