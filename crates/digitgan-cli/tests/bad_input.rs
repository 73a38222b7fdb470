//! Whatever is wrong ends in one line that says what was found and what to do; nothing appears and nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::picture::Grid;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use support::{Place, complaint, copy, differences, files, idx_images, idx_labels};

/// Steps of the runs `case` and `other`: two checkpoints, at 2 and 4.
const MADE: &str = "train gan --data digits --batch-size 8 --checkpoint-steps 2 --max-steps 4";

/// Something wrong.
struct Case<'a> {
    /// Breaks something.
    breaks: &'a dyn Fn(&Place),
    args: &'a str,
    code: i32,
    /// What the line must hold.
    says: &'a [&'a str],
}

/// Runs every case in a place of its own, which must afterwards be as it was.
fn check(cases: &[Case<'_>]) {
    let made = Place::new();
    made.succeed(&format!("{MADE} --name case"));
    made.succeed(&format!("{MADE} --name other --seed 2"));
    let mut failures = Vec::new();
    for case in cases {
        let place = Place::new();
        copy(&made.path("runs"), &place.path("runs"));
        // Each run goes on with the data of its own place.
        let [from, to] = [&made, &place].map(|place| place.path("digits").to_str().unwrap().to_owned());
        for run in ["case", "other"] {
            replace(&place, &format!("runs/{run}/run.toml"), &from, &to);
        }
        (case.breaks)(&place);
        let before = files(&place.path(""));
        let said = place.digitgan(case.args);
        let mut complaints: Vec<String> = complaint(&said, case.code, case.says).into_iter().collect();
        let changed = differences(&before, &files(&place.path("")));
        if !changed.is_empty() {
            complaints.push(format!("it changed {changed:?}"));
        }
        if !complaints.is_empty() {
            failures.push(format!("digitgan {}: {}\n{}", case.args, complaints.join("; "), said.stderr));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases:\n\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Replaces a file of the data set.
fn digits(place: &Place, name: &str, bytes: &[u8]) {
    fs::write(place.path("digits").join(name), bytes).unwrap();
}

/// Changes the bytes of a file below the place.
fn change(place: &Place, name: &str, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(place.path(name)).unwrap();
    change(&mut bytes);
    fs::write(place.path(name), bytes).unwrap();
}

/// Replaces text in a file below the place.
fn replace(place: &Place, name: &str, from: &str, to: &str) {
    change(place, name, |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        *bytes = text.replace(from, to).into_bytes();
    });
}

/// Copies one file below the place over another.
fn overwrite(place: &Place, from: &str, to: &str) {
    fs::copy(place.path(from), place.path(to)).unwrap();
}

/// A small gzip file that inflates to `header` and 64 MB of zeros.
fn bomb(header: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(header).unwrap();
    (0..64).for_each(|_| encoder.write_all(&[0; 1_000_000]).unwrap());
    encoder.finish().unwrap()
}

const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
const CHECKPOINT: &str = "runs/case/checkpoints/step-00000004.safetensors";
const NOTHING: &dyn Fn(&Place) = &|_| {};

#[test]
fn data() {
    const TRAIN: &str = "train gan --data digits --out new";
    let cases: [Case<'_>; 13] = [
        Case {
            breaks: &|p| change(p, "digits/train-images-idx3-ubyte", |bytes| bytes.truncate(30_000)),
            args: TRAIN,
            code: 1,
            says: &["train-images-idx3-ubyte: it ends after 30000 bytes", "of 39216", "replace it"],
        },
        Case {
            breaks: &|p| change(p, "digits/train-images-idx3-ubyte", |bytes| bytes.truncate(7)),
            args: TRAIN,
            code: 1,
            says: &["it ends after 7 bytes", "replace it"],
        },
        Case {
            breaks: &|p| change(p, "digits/train-labels-idx1-ubyte", |bytes| bytes[3] = 9),
            args: TRAIN,
            code: 1,
            says: &["begins with 0x00000809", "begins with 0x00000801", "replace it"],
        },
        Case {
            breaks: &|p| digits(p, TRAIN_LABELS, &idx_labels(&[0, 1, 2])),
            args: TRAIN,
            code: 1,
            says: &["holds 50 images", "holds 3 labels", "give files that belong together"],
        },
        Case {
            breaks: &|p| digits(p, TRAIN_IMAGES, &bomb(&idx_images(&[0; 784 * 50]))),
            args: TRAIN,
            code: 1,
            says: &["goes on after the 39216 bytes", "replace it"],
        },
        Case {
            breaks: &|p| {
                let header = [0x0803, u32::MAX, 28, 28].map(u32::to_be_bytes);
                digits(p, TRAIN_IMAGES, &bomb(header.as_flattened()));
            },
            args: TRAIN,
            code: 1,
            says: &["announces 4294967295 items", "at most 1000000", "replace it"],
        },
        Case {
            breaks: &|p| fs::create_dir(p.path("empty")).unwrap(),
            args: "train gan --data empty --out new",
            code: 1,
            says: &["empty: holds nothing", "one folder of PNG or JPEG files per class"],
        },
        Case {
            breaks: &|p| {
                fs::create_dir_all(p.path("one/7")).unwrap();
                let picture = Grid { scale: 1, ..Grid::new(1) }.draw(&[90; 784]).unwrap();
                picture.write_png(&p.path("one/7/a.png"), &[]).unwrap();
            },
            args: "train gan --data one --out new",
            code: 1,
            says: &["one: has 1 classes; 2 to 100 are needed"],
        },
        Case {
            breaks: NOTHING,
            args: "train gan --data nowhere --out new",
            code: 1,
            says: &["nowhere: there is no such folder", "give auto, mnist, strokes or the path of a folder"],
        },
        Case {
            breaks: &|p| fs::write(p.path("notes.txt"), "words").unwrap(),
            args: "data info --data notes.txt",
            code: 1,
            says: &["notes.txt: is a file of a kind that is not read", "give the folder"],
        },
        Case {
            breaks: &|p| copy(&p.path("digits"), &p.path("store/mnist")),
            args: "train gan --data mnist --data-dir store --out new",
            code: 1,
            says: &["is not MNIST's file", "SHA-256", "delete it to have it downloaded again"],
        },
        Case {
            breaks: NOTHING,
            args: "train gan --data digits --out new --batch-size 51",
            code: 1,
            says: &["--batch-size is 51", "digits has only 50 images", "choose at most 50"],
        },
        Case {
            breaks: &|p| digits(p, TRAIN_LABELS, &idx_labels(&[[5; 25], [7; 25]].concat())),
            args: TRAIN,
            code: 1,
            says: &["labelled 8, a class that no training image has", "remove them from the test images"],
        },
    ];
    check(&cases);
}

#[test]
fn runs_and_checkpoints() {
    const RESUME: &str = "train --resume case --max-steps 6";
    const MANIFEST: &str = "runs/case/run.toml";
    let cases: [Case<'_>; 19] = [
        Case {
            breaks: &|p| {
                fs::remove_dir_all(p.path("runs/case/checkpoints")).unwrap();
                fs::write(p.path("runs/case/checkpoints"), "").unwrap();
            },
            args: "train --resume case --data-dir nowhere",
            code: 1,
            says: &["runs/case/checkpoints is a file, not a folder", "remove it to begin again from the start"],
        },
        Case {
            breaks: &|p| change(p, CHECKPOINT, |bytes| *bytes.last_mut().unwrap() ^= 0x10),
            args: RESUME,
            code: 1,
            says: &[
                "step-00000004.safetensors is damaged",
                "SHA-256",
                "delete it to go on from the checkpoint before it, or from the start",
            ],
        },
        Case {
            breaks: &|p| change(p, CHECKPOINT, |bytes| bytes.truncate(bytes.len() / 2)),
            args: RESUME,
            code: 1,
            says: &["step-00000004.safetensors is not a whole safetensors file", "cut off", "delete it to go on"],
        },
        Case {
            breaks: &|p| change(p, CHECKPOINT, Vec::clear),
            args: RESUME,
            code: 1,
            says: &["is not a whole safetensors file", "delete it to go on"],
        },
        Case {
            breaks: &|p| overwrite(p, "runs/case/generator.safetensors", CHECKPOINT),
            args: RESUME,
            code: 1,
            says: &["is not a checkpoint of digitgan", "\"digitgan-generator-1\"", "delete it to go on"],
        },
        Case {
            breaks: &|p| overwrite(p, &CHECKPOINT.replace("case", "other"), CHECKPOINT),
            args: RESUME,
            code: 1,
            says: &["belongs to a training with other settings or data", "put the right files together"],
        },
        Case {
            breaks: &|p| overwrite(p, CHECKPOINT, &CHECKPOINT.replace("04.", "05.")),
            args: RESUME,
            code: 1,
            says: &["step-00000005.safetensors says that it is of step 4", "delete it to go on"],
        },
        Case {
            breaks: &|p| {
                fs::remove_file(p.path(CHECKPOINT)).unwrap();
                fs::create_dir(p.path(CHECKPOINT)).unwrap();
            },
            args: RESUME,
            code: 1,
            says: &["cannot read", "step-00000004.safetensors", "directory", "delete it to go on"],
        },
        Case { breaks: NOTHING, args: "train --resume digits", code: 1, says: &["digits is not a digitgan run"] },
        Case { breaks: NOTHING, args: "train --resume nosuch", code: 1, says: &["nosuch is not a digitgan run"] },
        Case {
            breaks: &|p| fs::write(p.path(MANIFEST), "what = is this").unwrap(),
            args: RESUME,
            code: 1,
            says: &["run.toml cannot be understood: line 1"],
        },
        Case {
            breaks: &|p| replace(p, MANIFEST, "epochs = ", "eras = "),
            args: RESUME,
            code: 1,
            says: &["run.toml cannot be understood: line 9: ", "eras"],
        },
        Case {
            breaks: &|p| fs::write(p.path(MANIFEST), [0xFF, 0xFE, 0]).unwrap(),
            args: RESUME,
            code: 1,
            says: &["cannot read", "run.toml", "UTF-8"],
        },
        Case {
            breaks: &|p| replace(p, MANIFEST, "format = 1", "format = 99"),
            args: RESUME,
            code: 1,
            says: &["run.toml has format 99", "formats up to 1", "use a newer one"],
        },
        Case {
            breaks: &|p| replace(p, MANIFEST, "batch-size = 8", "batch-size = 0"),
            args: RESUME,
            code: 2,
            says: &["--batch-size is 0, but must be 2 to 32768"],
        },
        Case {
            breaks: &|p| digits(p, "t10k-labels-idx1-ubyte", &idx_labels(&[1; 10])),
            args: RESUME,
            code: 1,
            says: &["the data set digits is not the one", "SHA-256", "restore it to go on"],
        },
        Case {
            breaks: NOTHING,
            args: "train gan --data digits --name case",
            code: 1,
            says: &[
                "runs/case is a run already",
                "digitgan train --resume runs/case",
                "choose another --name or --out",
            ],
        },
        Case {
            breaks: NOTHING,
            args: "train gan --data digits --batch-size 8 --out digits",
            code: 1,
            says: &["digits is not empty and not a run", "choose another --name or --out"],
        },
        Case {
            breaks: &|p| fs::create_dir(p.path("runs/empty")).unwrap(),
            args: "sample empty",
            code: 1,
            says: &["runs/empty is not a digitgan run"],
        },
    ];
    check(&cases);
}

#[test]
fn places_that_cannot_be_written() {
    let file = |p: &Place| fs::write(p.path("file"), "mine").unwrap();
    let cases: [Case<'_>; 5] = [
        Case {
            breaks: &file,
            args: "train gan --data digits --batch-size 8 --out file",
            code: 1,
            says: &["cannot create file: ", "directory"],
        },
        Case {
            breaks: &file,
            args: "train gan --data digits --batch-size 8 --out file/below",
            code: 1,
            says: &["cannot create file/below: ", "directory"],
        },
        Case {
            breaks: &file,
            args: "sample case --out file/x.png",
            code: 1,
            says: &["cannot write file/x.png", "directory"],
        },
        Case {
            breaks: NOTHING,
            args: "sample case --out digits",
            code: 1,
            says: &["cannot write digits", "directory"],
        },
        Case {
            breaks: NOTHING,
            args: "data show --data digits --out nowhere/x.png",
            code: 1,
            says: &["cannot write nowhere/x.png", "No such file or directory"],
        },
    ];
    check(&cases);
}

#[test]
fn mistakes_in_the_call() {
    let config = |text: &'static str| move |p: &Place| fs::write(p.path("my.toml"), text).unwrap();
    let cases: [(&str, i32, &[&str]); 28] = [
        ("train gan --data digits --epochs 0", 2, &["--epochs is 0, but must be at least 1"]),
        ("train gan --data digits --batch-size 1", 2, &["--batch-size is 1, but must be 2 to 32768"]),
        ("train gan --data digits --max-steps 0", 2, &["--max-steps is 0"]),
        ("train gan --data digits --checkpoint-steps 0", 2, &["--checkpoint-steps is 0"]),
        ("train gan --data digits --lr -1", 2, &["--lr is -1, but must be a positive number"]),
        ("train gan --data digits --lr nan", 2, &["--lr is NaN, but must be a positive number"]),
        ("train gan --data digits --lr-d inf", 2, &["--lr-d is inf, but must be a positive number"]),
        ("train gan --data digits --lr x", 2, &["'x'", "--lr"]),
        ("train gan --data digits --beta1 1", 2, &["--beta1 is 1, but must be"]),
        ("train gan --data digits --seed 18446744073709551615", 2, &["--seed is", "at most 9223372036854775807"]),
        ("train gan --data digits --threads 0", 2, &["--threads", "0 is not in 1..=1024"]),
        ("train gan --data digits --g-loss foo", 2, &["foo", "choose non-saturating or saturating"]),
        ("train dcgan --data digits", 2, &["dcgan", "choose gan, cgan or acgan"]),
        ("train gan --data digits --augment blur", 2, &["blur", "affine"]),
        ("train gan --data digits --name a/b", 2, &["--name \"a/b\" is no plain name", "give --out"]),
        ("train --resume case --lr 0.1", 2, &["--resume", "--lr"]),
        ("train gan --resume case", 2, &["MODEL cannot be given with --resume", "leave it out"]),
        ("train --config nosuch.toml", 1, &["cannot read nosuch.toml", "No such file"]),
        ("sample case --digit 7", 1, &["this generator is a GAN", "train cgan or acgan"]),
        ("sample case --count 0", 2, &["--count", "0 is not in 1..=10000"]),
        ("sample case --scale 17", 2, &["--scale", "17"]),
        ("sample case --seed -1", 2, &["-1"]),
        ("sample nosuch", 1, &["nosuch is not a digitgan run", "what `digitgan train` makes"]),
        ("sample runs/case/run.toml", 1, &["run.toml is not a whole safetensors file", "is something else"]),
        ("sample runs/case/checkpoints/step-00000004.safetensors", 1, &["is not a generator of digitgan"]),
        ("sample digits", 1, &["digits is not a digitgan run"]),
        ("data show --data digits --rows 0", 2, &["--rows"]),
        ("draw", 2, &["draw"]),
    ];
    let mut all: Vec<Case<'_>> =
        cases.iter().map(|&(args, code, says)| Case { breaks: NOTHING, args, code, says }).collect();
    let unknown = config("epochs = 3\nlearning-rate = 0.1\n");
    let mistyped = config("model = \"gan\"\nepochs = \"three\"\n");
    let torn = config("model = \n");
    let model = config("model = \"wgan\"\n");
    let device = config("model = \"gan\"\ndevice = \"cpu\"\n");
    let impossible = config("batch-size = 1\n");
    let args = "train --config my.toml";
    all.extend([
        Case { breaks: &unknown, args, code: 2, says: &["my.toml line 2", "learning-rate", "epochs"] },
        Case {
            breaks: &mistyped,
            args,
            code: 2,
            says: &["my.toml line 2", "epochs cannot be \"three\"", "a whole number"],
        },
        Case { breaks: &torn, args, code: 2, says: &["my.toml line 1"] },
        Case { breaks: &model, args, code: 2, says: &["my.toml line 1", "wgan", "acgan"] },
        Case { breaks: &impossible, args, code: 2, says: &["my.toml: batch-size is 1, but must be"] },
        Case { breaks: &device, args, code: 2, says: &["my.toml line 2", "give --device on the command line"] },
    ]);
    check(&all);
}

#[test]
fn a_class_that_is_not_there_and_an_instruction_set_that_is_not_there() {
    let place = Place::new();
    place.succeed("train cgan --data digits --batch-size 8 --max-steps 1 --name c");
    let before = files(&place.path(""));
    for (args, says) in [
        ("sample c --digit x", &["\"x\" is no class", "it knows 0, 1, 2"][..]),
        ("sample c --digits 12x", &["\"x\" is no class"]),
        ("sample c --digits 1,12", &["\"12\" is no class"]),
        ("sample c --count 5000", &["50,000 pictures are too many", "at most 10,000"]),
    ] {
        let said = place.digitgan(args);
        assert_eq!(complaint(&said, 2, says), None, "{args}: {said:?}");
    }
    for args in ["train gan --data digits --batch-size 8 --out new", "sample c", "train --resume c --max-steps 2"] {
        let mut command = place.command(args);
        let said = support::said({
            command.env("DIGITGAN_SIMD", "mmx");
            command
        });
        assert_eq!(complaint(&said, 1, &["DIGITGAN_SIMD=mmx", "it has", "unset"]), None, "{args}: {said:?}");
    }
    assert_eq!(differences(&before, &files(&place.path(""))), [""; 0]);
}
