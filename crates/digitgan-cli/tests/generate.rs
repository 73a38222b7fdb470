//! Data sets that a generator draws: read back by this program, the same every time, and whole or not there.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs;
use std::io::Read;
use support::{Place, complaint, differences, files, json, png_bytes};

/// A place with an ACGAN in `runs/a`, of six steps, and a GAN in `runs/g`, of one.
fn place() -> Place {
    let place = Place::new();
    place.succeed("train acgan --data digits --epochs 1 --batch-size 8 --name a");
    place.succeed("train gan --data digits --batch-size 8 --max-steps 1 --name g");
    place
}

/// The uncompressed bytes of a gzipped file.
fn inflated(place: &Place, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(&fs::read(place.path(name)).unwrap()[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_generated_can_be_trained_on() {
    let place = place();
    for format in ["idx", "png", "npz", "parquet"] {
        let args = format!("generate a --count 205 --test-count 20 --format {format} --out {format}");
        let said = place.succeed(&args).stdout;
        for text in ["205 training images, 20 test images", "what the generator was asked for", "/dataset.json"] {
            assert!(said.contains(text), "{text}: {said}");
        }
        let info = json(&place.succeed(&format!("data info --data {format} --json")).stdout);
        assert_eq!(
            (&info["train_images"], &info["test_images"], &info["classes"]),
            (&205.into(), &20.into(), &10.into())
        );
        let counts: Vec<u64> = info["train_counts"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        assert!(counts.iter().all(|count| [20, 21].contains(count)), "{counts:?}");
        let record = json(&fs::read_to_string(place.path(format).join("dataset.json")).unwrap());
        assert_eq!(record["train"]["counts"], info["train_counts"]);
        let trained =
            place.succeed(&format!("train cgan --data {format} --batch-size 8 --max-steps 3 --name on-{format}"));
        assert!(!trained.stderr.contains("turned into light on dark"), "{trained:?}");
    }
    assert_eq!(
        files(&place.path("idx")).into_keys().collect::<Vec<_>>(),
        [
            "dataset.json",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
        ]
    );
    // Each PNG file is the image of its number in the IDX file, in the folder of its label.
    let (images, labels) =
        (inflated(&place, "idx/train-images-idx3-ubyte.gz"), inflated(&place, "idx/train-labels-idx1-ubyte.gz"));
    for (number, (image, label)) in images[16..].chunks_exact(784).zip(&labels[8..]).enumerate() {
        let (width, pixels) = png_bytes(&fs::read(place.path(&format!("png/train/{label}/{number:08}.png"))).unwrap());
        assert!(width == 28 && pixels == image, "{number}");
    }
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let place = place();
    let made = |args: &str, out: &str| {
        place.succeed(&format!("generate {args} --out {out}"));
        files(&place.path(out))
    };
    for format in ["idx", "png", "npz", "parquet", "webdataset"] {
        let args = format!("a --count 300 --test-count 30 --format {format} --with-latents");
        let one = made(&format!("{args} --threads 1"), &format!("{format}-1"));
        assert!(one.len() > 1);
        for (index, same) in [
            format!("{args} --threads 3"),
            format!("{args} --epoch 1"),
            args.replace("a ", "runs/a/generator.safetensors "),
            args.replace("a ", "runs/a "),
        ]
        .iter()
        .enumerate()
        {
            assert_eq!(differences(&one, &made(same, &format!("{format}-same-{index}"))), [""; 0], "{same}");
        }
        assert_ne!(differences(&one, &made(&format!("{args} --seed 2"), &format!("{format}-other"))), [""; 0]);
    }
    made("a --count 50", "few");
    // A part of it that was made by itself is put together with the others to the same files.
    for index in [1, 0, 2] {
        place.succeed(&format!("generate a --count 300 --test-count 30 --with-latents --shard {index}/3 --out parts"));
        let looked = place.digitgan("data shards parts --json");
        let told = json(&looked.stdout);
        assert_eq!((looked.code, &told["complete"]), (Some((index != 2).into()), &(index == 2).into()), "{told}");
    }
    place.succeed("data shards parts --join joined");
    assert_eq!(differences(&files(&place.path("idx-1")), &files(&place.path("joined"))), [""; 0]);
    fs::remove_dir_all(place.path("parts/shard-00001-of-00003")).unwrap();
    let looked = place.digitgan("data shards parts");
    assert!(looked.code == Some(1) && looked.stdout.contains("2 of 3 are whole"), "{looked:?}");
    assert_eq!(
        looked.stdout.lines().find(|line| line.starts_with("missing")).map(|line| line.ends_with(" 1")),
        Some(true)
    );
    let says = ["1 of the 3 shards of this data set are missing"];
    assert_eq!(complaint(&place.digitgan("data shards parts --join other"), 1, &says), None);
    let [many, few] = ["idx-1", "few"].map(|set| inflated(&place, &format!("{set}/train-images-idx3-ubyte.gz")));
    assert!(few[16..] == many[16..few.len()]);
}

#[test]
fn some_digits_alone_and_results_as_json() {
    let place = place();
    let said = place.succeed("generate a --count 100 --digits 7,3 --format png --out two --json");
    let result = json(&said.stdout);
    let record = json(&fs::read_to_string(place.path("two/dataset.json")).unwrap());
    assert_eq!((&result["dataset"], &result["out"]), (&record, &"two".into()));
    assert_eq!(result["obstacle"], Value::Null);
    assert!(result["images_per_second"].as_f64().unwrap() > 0.0, "{result}");
    assert_eq!(record["train"]["counts"], serde_json::json!([0, 0, 0, 50, 0, 0, 0, 50, 0, 0]));
    assert_eq!((&record["labels"], &record["judge"], &record["drawn"]), (&"asked".into(), &Value::Null, &100.into()));
    let info = json(&place.succeed("data info --data two --json").stdout);
    assert_eq!(info["class_names"], serde_json::json!(["3", "7"]));
    let said = place.succeed("generate a --classes 7:30,3:1 --test-count 4 --truncation 0.5 --out counted --json");
    let record = json(&said.stdout)["dataset"].clone();
    assert_eq!(record["train"]["counts"], serde_json::json!([0, 0, 0, 1, 0, 0, 0, 30, 0, 0]));
    assert_eq!((&record["test"]["counts"][3], &record["truncation"]), (&2.into(), &0.5.into()));
    assert_eq!(record["mix"], serde_json::json!({ "counts": { "3": 1, "7": 30 } }));
    let said = place.succeed("generate a --classes uniform --digits 37 --count 300 --out chance --json");
    let record = json(&said.stdout)["dataset"].clone();
    let threes = record["train"]["counts"][3].as_u64().unwrap();
    assert!((100..200).contains(&threes) && record["train"]["counts"][7] == 300 - threes, "{record}");
    // Where the loader would refuse it, that is told.
    let said = place.succeed("generate a --count 100 --digit 7 --out seven");
    assert!(said.stderr.contains("digitgan will not train on this data set"), "{said:?}");
    assert_eq!(place.digitgan("data info --data seven").code, Some(1));
}

/// What is asked for again is there; what is there is not taken for something else.
#[test]
fn a_finished_set_is_not_made_again() {
    let place = place();
    place.succeed("train cgan --data digits --batch-size 8 --max-steps 2 --watch off --name c");
    let call = "generate a --count 100 --test-count 20 --digits 37 --format png --out two";
    let made = json(&place.succeed(&format!("{call} --json")).stdout);
    let before = files(&place.path(""));
    let again = place.succeed(&format!("{call} --json"));
    let result = json(&again.stdout);
    assert_eq!((&result["dataset"], &result["out"]), (&made["dataset"], &made["out"]));
    assert!(again.stderr.contains("note: all 120 images are there already"), "{again:?}");
    let again = place.succeed(call).stdout;
    assert!(again.contains("100 training images, 20 test images") && !again.contains("images/s"), "{again}");
    let mut failures = Vec::new();
    for (change, says) in [
        (("--count 100", "--count 200"), "(its number of training images is 100, not 200)"),
        (("--test-count 20", "--seed 2"), "(its number of test images is 20, not 0, its seed is 1, not 2)"),
        (("--digits 37", "--digits 38"), "(its choice of classes is 3 and 7, not 3 and 8)"),
        (("--digits 37", ""), "(its choice of classes is 3 and 7, not all)"),
        (("--format png", "--format idx"), "(its format is PNG, not IDX)"),
        (("generate a", "generate c"), "(its generator is one of 6 steps (SHA-256 "),
    ] {
        let said = place.digitgan(&call.replace(change.0, change.1));
        let says = ["two holds a data set of another kind ", says, "; choose another --out"];
        failures.extend(complaint(&said, 1, &says).map(|what| format!("{change:?}: {what}\n{}", said.stderr)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(differences(&before, &files(&place.path(""))), [""; 0]);
    // A part of one is not it, nor is one with other bytes.
    let idx = "generate a --count 100 --test-count 20 --out idx";
    place.succeed(idx);
    assert!(place.succeed(idx).stderr.contains("all 120 images are there already"));
    let labels = place.path("idx/t10k-labels-idx1-ubyte.gz");
    let whole = fs::read(&labels).unwrap();
    for bytes in [&whole[..whole.len() - 20], b"", &fs::read(place.path("idx/train-labels-idx1-ubyte.gz")).unwrap()] {
        fs::write(&labels, bytes).unwrap();
        let says = ["idx is not empty", "it holds this data set, but t10k-labels-idx1-ubyte.gz "];
        assert_eq!(complaint(&place.digitgan(idx), 1, &says), None);
    }
    let image = fs::read_dir(place.path("two/train/3")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&image).unwrap();
    for bytes in [&whole[..0], &whole[..whole.len() - 1]] {
        fs::write(&image, bytes).unwrap();
        let name = image.file_name().unwrap().to_str().unwrap();
        let says = ["two is not empty", &format!("but train/3/{name} is no whole PNG file")];
        assert_eq!(complaint(&place.digitgan(call), 1, &says), None);
    }
    fs::write(&image, whole).unwrap();
    for (part, says) in [(image, "train/3 holds 49 images, not 50"), (place.path("two/test"), "test is missing")] {
        fs::rename(&part, place.path("elsewhere")).unwrap();
        assert_eq!(complaint(&place.digitgan(call), 1, &["two is not empty", says]), None);
        fs::rename(place.path("elsewhere"), &part).unwrap();
        place.succeed(call);
    }
}

#[test]
fn a_judge_labels_what_a_gan_draws_and_chooses_what_is_kept() {
    let place = place();
    place.write_digits("many", 1000, 100);
    place.succeed("judge train --data many --epochs 20 --out judge.safetensors");
    place.succeed("train gan --data many --batch-size 50 --epochs 2 --name judged");
    let refused = place.digitgan("generate judged --count 100 --out x");
    let says =
        ["a GAN, which does not know what it draws", "digitgan judge train --data ", "--judge judge.safetensors"];
    assert_eq!(complaint(&refused, 1, &says), None, "{refused:?}");
    assert!(!place.path("x").exists());

    let said = place.succeed("generate judged --count 100 --out gan --judge judge.safetensors");
    assert!(
        said.stderr.contains("labels are what a judge reads") && said.stdout.contains("read by the judge"),
        "{said:?}"
    );
    let record = json(&fs::read_to_string(place.path("gan/dataset.json")).unwrap());
    let tested = json(&place.succeed("judge test judge.safetensors --data many --json").stdout);
    assert_eq!((&record["labels"], &record["judge"]), (&"read".into(), &tested["judge"]));
    place.succeed("generate judged --count 100 --epoch best --data-dir store --judge judge.safetensors --out best");
    // A judge that is kept need not be named.
    let sha256 = tested["judge"]["dataset_sha256"].as_str().unwrap();
    fs::create_dir_all(place.path("store/judges")).unwrap();
    fs::copy(place.path("judge.safetensors"), place.path(&format!("store/judges/{sha256}.safetensors"))).unwrap();
    place.succeed("generate judged --count 100 --out kept --data-dir store");
    assert_eq!(differences(&files(&place.path("gan")), &files(&place.path("kept"))), [""; 0]);

    place.succeed("train acgan --data many --batch-size 20 --epochs 5 --name asked");
    let keep = "generate asked --count 1000 --test-count 100 --keep agreed --judge judge.safetensors --json";
    let record = json(&place.succeed(&format!("{keep} --out agreed")).stdout)["dataset"].clone();
    assert_eq!((&record["keep"], &record["judge"]), (&"agreed".into(), &tested["judge"]));
    assert!(record["drawn"].as_u64().unwrap() > 1100, "{record}");
    let read = json(&place.succeed("judge test judge.safetensors --data agreed --json").stdout);
    assert_eq!(read["accuracy"], 1.0);
    let sure = "generate asked --count 500 --reject-below 0.9 --judge judge.safetensors --out sure";
    let said = place.succeed(sure);
    let record = json(&fs::read_to_string(place.path("sure/dataset.json")).unwrap());
    let rejected = record["rejected"].as_u64().unwrap();
    assert!(rejected > 0 && record["drawn"] == 500 + rejected, "{record}");
    assert!(said.stdout.contains("rejected") && said.stdout.contains("gave less than 0.9"), "{said:?}");
    place.succeed("generate asked --count 1000 --test-count 100 --out all");
    let read = json(&place.succeed("judge test judge.safetensors --data all --json").stdout);
    assert!(read["accuracy"].as_f64().unwrap() < 1.0, "{read}");
}

#[test]
fn what_cannot_be_generated_is_said_in_one_line_and_changes_nothing() {
    let place = place();
    fs::create_dir_all(place.path("left/.unfinished-1")).unwrap();
    fs::write(place.path("text.safetensors"), "no tensors").unwrap();
    let before = files(&place.path(""));
    let mut failures = Vec::new();
    for (args, code, says) in [
        ("generate a", 2, "required arguments"),
        ("generate a --count 0", 2, "0 is not in"),
        ("generate a --count 5000000000", 2, "5000000000 is not in"),
        ("generate a --count -1", 2, "'-1'"),
        ("generate a --count 10 --format jpeg", 2, "invalid value 'jpeg'"),
        ("generate a --count 10 --digit 7 --digits 12", 2, "cannot be used with"),
        ("generate a --count 10 --shard 5/4", 2, "of 4, the last is 3/4: they are counted from 0"),
        ("generate a --count 10 --shard 3", 2, "give which of how many"),
        ("generate a --count 10 --shard 0/11", 1, "the number of files is 11, expected 1 to 10"),
        ("generate a --count 10 --shard 0/2 --files 2 --format parquet", 2, "cannot be used with"),
        ("generate a --count 10 --files 2", 2, "--files is for --format parquet and webdataset"),
        ("generate a --count 10 --files 11 --format parquet", 1, "the number of files is 11, expected 1 to 10"),
        ("generate a --classes uniform", 2, "--count is missing"),
        ("generate a --classes some --count 10", 2, "give balanced, uniform, or digits with numbers"),
        ("generate a --classes 0:5,0:6", 2, "--classes names 0 twice"),
        ("generate a --classes 0:5,x:6", 2, "\"x\" is no class of this generator"),
        ("generate a --classes 0:5 --count 10", 2, "--count is 10, but the numbers of --classes make 5"),
        ("generate a --classes 0:5 --digits 12", 2, "leave --digit and --digits out"),
        ("generate a --classes 0:0", 2, "--classes asks for no image"),
        ("generate a --classes 0:4000000000,1:4000000000", 2, "make 8000000000 images: ask for at most 4294967295"),
        ("generate a --count 10 --truncation 0.01", 1, "the truncation is 0.01, expected a number from 0.1 on"),
        ("generate a --count 10 --truncation nan", 1, "the truncation is NaN"),
        ("generate a --count 10 --reject-below 0.5", 1, "--reject-below needs a judge"),
        ("generate g --count 10 --classes uniform --judge runs/g/x", 1, "runs/g/x"),
        ("data shards digits", 1, "digits holds no shard of a data set"),
        ("data shards nowhere", 1, "cannot read nowhere"),
        ("generate a --count 10 --digits 7,7", 2, "names a digit twice"),
        ("generate a --count 10 --digit x", 2, "\"x\" is no class of this generator: it knows 0, 1"),
        ("generate a --count 10 --epoch 0", 2, "choose last, best or an epoch's number"),
        ("generate a --count 10 --judge text.safetensors", 2, "--judge is for --keep agreed"),
        ("generate g --count 10 --keep agreed", 2, "--keep agreed is for generators that are told their digits"),
        ("generate runs/a/generator.safetensors --count 10 --epoch best", 2, "--epoch is for runs"),
        ("generate g --count 10 --digit 7", 1, "draws what it likes"),
        ("generate g --count 10 --judge text.safetensors", 1, "is not a whole safetensors file"),
        ("generate g --count 10", 1, "give --judge judge.safetensors"),
        ("generate a --count 10 --keep agreed", 1, "--keep agreed needs a judge"),
        ("generate runs/g/generator.safetensors --count 10", 1, "give one with --judge"),
        ("generate a --count 10 --epoch 7", 1, "epoch-0007.safetensors"),
        ("generate nothing --count 10", 1, "is not a digitgan run"),
        ("generate text.safetensors --count 10", 1, "is not a whole safetensors file"),
        ("generate a --count 10 --out digits", 1, "digits is not empty: choose another place"),
        ("generate a --count 10 --out left", 1, "left holds an unfinished data set, .unfinished-1"),
        ("generate a --count 10 --out text.safetensors", 1, "text.safetensors is not a folder"),
        ("generate a --count 10 --out text.safetensors/x", 1, "text.safetensors/x"),
        ("generate a --count 200000000 --format png", 1, "200000000 PNG files are too many"),
    ] {
        let said = place.digitgan(args);
        failures.extend(complaint(&said, code, &[says]).map(|what| format!("{args}: {what}\n{}", said.stderr)));
        let changed = differences(&before, &files(&place.path("")));
        failures.extend((!changed.is_empty()).then(|| format!("{args}: changed {changed:?}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Where no part is finished, nothing stays; `signals.rs` has what happens where some are.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_nothing() {
    let place = place();
    let formats = ["npz", "parquet", "webdataset"].map(|format| [(format, 0), (format, 20)]);
    for (format, blocks) in [("idx", 0), ("idx", 20), ("png", 0)].into_iter().chain(formats.into_iter().flatten()) {
        // Without the signal a write beyond the limit is an error, as it is on a full disk.
        let before = format!("trap '' XFSZ; ulimit -f {blocks}");
        let said = place.shell(&before, &format!("generate a --count 1000 --format {format} --out full"));
        let says = ["cannot write", "make room or choose another place"];
        assert_eq!(complaint(&said, 1, &says), None, "{format} {blocks}: {said:?}");
        assert!(!place.path("full").exists());
    }
}
