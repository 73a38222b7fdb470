//! Places that people choose for a file: pipes, devices and links stay what they are, files of another kind what they hold.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::weights::ClassifierFile;
use std::fs;
use std::process::Output;
use support::{Place, complaint, differences, files};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Every verb that writes one file, but for where; each in a second or so.
const VERBS: [&str; 3] =
    ["sample g --count 1", "data show --data digits --rows 1", "judge train --data digits --epochs 1"];

fn place() -> Place {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --max-steps 1 --watch off --name g");
    place
}

/// Whether these are the bytes that the verb writes.
fn is_file_of(verb: &str, bytes: &[u8]) -> bool {
    if verb.starts_with("judge") { ClassifierFile::from_bytes(bytes).is_ok() } else { bytes.starts_with(PNG) }
}

#[test]
fn a_file_on_standard_output_is_alone_there() {
    let place = place();
    for verb in VERBS {
        let names = if verb.starts_with("judge") { &["-"][..] } else { &["-", "/dev/stdout"] };
        for name in names {
            let Output { status, stdout, stderr } = place.command(&format!("{verb} --out {name}")).output().unwrap();
            let text = String::from_utf8(stderr).unwrap();
            assert!(status.success() && is_file_of(verb, &stdout), "{verb}: {text}");
            assert!(text.contains("on standard output"), "{verb}: {text}");
        }
        let said = place.digitgan(&format!("{verb} --out - --json"));
        assert_eq!(complaint(&said, 2, &["--json", "standard output", "--out"]), None, "{verb}: {said:?}");
        assert_eq!(said.stdout, "");
    }
    assert!(!place.path("-").exists());
}

#[test]
fn files_of_another_kind_are_kept() {
    let place = place();
    let safetensors = fs::read(place.path("runs/g/generator.safetensors")).unwrap();
    for (name, content) in [
        ("notes.txt", &b"keep"[..]),
        ("notes", b"keep"),
        ("digits.png", b"no picture"),
        ("photo.png", b"\xff\xd8\xff\xe0 a photo"),
        ("g.safetensors", b"no weights"),
        ("weights.png", &safetensors),
        ("picture.safetensors", PNG),
    ] {
        fs::write(place.path(name), content).unwrap();
    }
    let before = files(&place.path(""));
    for (args, code, says) in [
        ("sample g --count 1 --out notes.txt", 2, &["notes.txt", "a PNG file", "end in .png"][..]),
        ("sample g --count 1 --out digits.jpg", 2, &["digits.jpg", ".png"]),
        ("sample g --count 1 --out notes", 1, &["notes is a text, not a PNG file", "choose another --out"]),
        ("sample g --count 1", 1, &["digits.png is a text, not a PNG file"]),
        ("sample g --count 1 --out photo.png", 1, &["photo.png is a JPEG file"]),
        ("sample g --count 1 --out weights.png", 1, &["weights.png is a safetensors file"]),
        ("sample g --count 1 --out runs", 1, &["cannot write runs", "directory"]),
        ("sample g --count 1 --out no/x.png", 1, &["cannot write no/x.png", "No such file"]),
        ("data show --data digits --out notes.txt", 2, &["end in .png"]),
        ("data show --data digits --out digits.png", 1, &["is a text, not a PNG file"]),
        ("judge train --data digits --out notes.txt", 2, &["end in .safetensors"]),
        ("judge train --data digits --out g.safetensors", 1, &["g.safetensors is a text"]),
        ("judge train --data digits --out picture.safetensors", 1, &["picture.safetensors is a PNG file"]),
    ] {
        let said = place.digitgan(args);
        assert_eq!(complaint(&said, code, says), None, "{args}: {said:?}");
        assert_eq!(differences(&before, &files(&place.path(""))), [""; 0], "{args}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn pipes_devices_and_links_are_written_into() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let place = place();
    let at = |name: &str| place.path(name);
    assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    symlink("target", at("link")).unwrap();
    symlink("/dev/null", at("null.png")).unwrap();
    for verb in VERBS {
        let reader = std::thread::spawn({
            let fifo = at("fifo");
            move || fs::read(fifo).unwrap()
        });
        place.succeed(&format!("{verb} --out fifo"));
        assert!(is_file_of(verb, &reader.join().unwrap()), "{verb}");
        assert!(fs::symlink_metadata(at("fifo")).unwrap().file_type().is_fifo());
        // A judge takes its time, and goes the same way.
        if verb.starts_with("judge") {
            continue;
        }
        place.succeed(&format!("{verb} --out null.png"));
        place.succeed(&format!("{verb} --out /dev/null"));
        assert!(at("null.png").is_symlink());
        // To what is not there, and to what is.
        for _ in 0..2 {
            place.succeed(&format!("{verb} --out link"));
            assert!(at("link").is_symlink() && is_file_of(verb, &fs::read(at("target")).unwrap()), "{verb}");
        }
        fs::remove_file(at("target")).unwrap();
        let said = place.digitgan(&format!("{verb} --out /dev/full"));
        assert_eq!(complaint(&said, 1, &["cannot write /dev/full", "No space left"]), None, "{said:?}");
    }
}

#[test]
fn a_folder_cannot_go_to_standard_output() {
    let place = place();
    for args in ["train gan", "generate g --count 10", "evaluate g", "page g", "reproduce"] {
        let said = place.digitgan(&format!("{args} --out -"));
        assert_eq!(complaint(&said, 2, &["--out <DIR>", "a folder is written", "./-"]), None, "{args}: {said:?}");
    }
    assert!(!place.path("-").exists());
}

#[test]
fn a_judge_replaces_no_other_weights() {
    let place = place();
    let run = place.run_directory("g");
    let checkpoint = run.checkpoint(*run.checkpoint_steps().unwrap().last().unwrap());
    let before = files(run.path());
    for path in [run.generator(), checkpoint] {
        let said = place.digitgan(&format!("judge train --data digits --epochs 1 --out {}", path.display()));
        assert_eq!(complaint(&said, 1, &["other weights than a judge's", "choose another --out"]), None, "{said:?}");
    }
    assert_eq!(differences(&before, &files(run.path())), [""; 0]);
    place.succeed("judge train --data digits --epochs 1 --out j.safetensors");
    place.succeed("judge train --data digits --epochs 1 --out j.safetensors");
}

#[test]
fn a_runs_own_pictures_are_kept() {
    let place = place();
    place.succeed("train gan --data digits --batch-size 8 --epochs 1 --watch off --name e");
    let before = files(&place.path(""));
    for name in ["runs/g/losses.png", "runs/e/samples/epoch-0001.png", "runs/e/samples/mine.png", "runs/e/watch.png"] {
        for verb in &VERBS[..2] {
            let said = place.digitgan(&format!("{verb} --out {name}"));
            let says = [name, "belongs to a run", "choose another --out, such as d"];
            assert_eq!(complaint(&said, 1, &says), None, "{verb}: {said:?}");
        }
    }
    assert_eq!(differences(&before, &files(&place.path(""))), [""; 0]);
    place.succeed("sample g --count 1 --out runs/g/mine.png");
}
