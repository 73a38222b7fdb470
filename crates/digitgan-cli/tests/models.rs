//! Generators that come with the program: they draw where nothing is named, and a person's own go before them.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use support::{Place, complaint, json};

#[test]
fn digits_without_training() {
    let place = Place::new();
    for (args, generator) in [("", "acgan (built in)"), ("acgan", "acgan (built in)"), ("cgan", "cgan (built in)")] {
        let said = json(&place.succeed(&format!("sample {args} --digits 2026 --count 1 --json --out d.png")).stdout);
        assert_eq!(said["generator"], generator);
        assert_eq!(said["digits"], serde_json::json!(["2", "0", "2", "6"]));
        assert!(fs::read(place.path("d.png")).unwrap().starts_with(b"\x89PNG"));
    }
    let said = json(&place.succeed("generate --count 100 --out set --json").stdout);
    assert_eq!(
        (&said["generator"], &said["dataset"]["generator"]["trained_on"]),
        (&"acgan (built in)".into(), &"mnist".into())
    );
    let models = json(&place.succeed("models --json").stdout);
    let sha256 = said["dataset"]["generator"]["sha256"].as_str().unwrap();
    let card = json(&place.succeed("models acgan --json").stdout);
    assert_eq!(card["sha256"], sha256, "the record names what drew");
    assert_eq!(models["built_in"].as_array().unwrap().len(), 2);
    assert_eq!(models["runs"], serde_json::json!([]));
}

#[test]
fn what_a_person_has_made_goes_first() {
    let place = Place::new();
    place.succeed("train acgan --data digits --batch-size 8 --max-steps 1 --name acgan");
    let said = json(&place.succeed("sample acgan --count 1 --json").stdout);
    assert_eq!(said["generator"], "runs/acgan/generator.safetensors");
    // A folder of that name that is no run hides nothing.
    fs::create_dir(place.path("cgan")).unwrap();
    assert_eq!(json(&place.succeed("sample cgan --count 1 --json").stdout)["generator"], "cgan (built in)");
    fs::copy(place.path("runs/acgan/generator.safetensors"), place.path("file")).unwrap();
    assert_eq!(json(&place.succeed("sample file --count 1 --json").stdout)["generator"], "file");
}

#[test]
fn models_are_listed_with_what_is_known_of_them() {
    let place = Place::new();
    place.succeed("train cgan --data digits --batch-size 8 --max-steps 1 --name mine");
    fs::create_dir_all(place.path("runs/no-run")).unwrap();
    let said = place.succeed("models");
    let rows: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(rows.len(), 4, "{}", said.stdout);
    assert!(rows[1].starts_with("acgan ") && rows[1].contains("mnist") && rows[1].contains('%'), "{}", rows[1]);
    assert!(rows[3].starts_with("runs/mine ") && rows[3].contains('–'), "{}", rows[3]);
    assert!(said.stderr.contains("`digitgan evaluate runs/mine`"), "{}", said.stderr);
    fs::write(place.path("runs/mine/generator.safetensors"), "rubbish").unwrap();
    let said = place.succeed("models");
    assert!(said.stderr.contains("runs/mine is left out: "), "{}", said.stderr);
    let card = place.succeed("models cgan").stdout;
    for text in
        ["digitgan train cgan", "CC BY-SA 3.0", "read as asked for (GAN-test)", "test images were not looked at"]
    {
        assert!(card.contains(text), "{text}: {card}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let place = Place::new();
    for (args, code, expected) in [
        ("models gan", 2, "built in are acgan and cgan"),
        ("sample gan", 1, "gan is not a digitgan run: it has no run.toml"),
        ("sample --epoch 3", 2, "unexpected argument '--epoch'"),
        ("generate acgan --epoch best --count 10", 2, "--epoch is for runs"),
        ("sample --digits 20a6", 2, "\"a\" is no class of this generator"),
    ] {
        assert_eq!(complaint(&place.digitgan(args), code, &[expected]), None, "{args}");
    }
}

#[test]
fn networks_are_exported_for_other_programs() {
    let place = Place::new();
    place.succeed("train acgan --data digits --batch-size 8 --max-steps 1 --watch off --name a");
    let is_onnx = |name: &str| fs::read(place.path(name)).unwrap().starts_with(b"\x08\x07\x12\x08digitgan");
    place.succeed("export a");
    assert!(is_onnx("generator.onnx"));
    place.succeed("export a --part discriminator --out d.onnx");
    place.succeed("export cgan --part all --out models");
    assert!(["d.onnx", "models/generator.onnx", "models/classifier.onnx"].into_iter().all(is_onnx));
    place.succeed("export a --format safetensors --out g.safetensors");
    place.succeed("sample g.safetensors --count 1");
    let said = json(&place.succeed("export acgan --out j.onnx --json").stdout);
    assert_eq!((&said["onnx"]["opset"], &said["written"][0]["part"]), (&14.into(), &"generator".into()));
    fs::write(place.path("notes.onnx"), "keep").unwrap();
    for (command, code, says) in [
        ("export acgan --out notes.onnx", 1, &["notes.onnx is a text, not an ONNX model"][..]),
        ("export acgan --out notes.txt", 2, &["must end in .onnx"]),
        ("export acgan --part discriminator", 1, &["only a run has a discriminator"]),
        ("export acgan --epoch best", 2, &["--epoch is for runs"]),
        ("export a --part classifier", 1, &["no judge of", "digitgan judge train"]),
        ("export g.safetensors --part classifier", 1, &["g.safetensors is not a judge"]),
    ] {
        let said = place.digitgan(command);
        assert_eq!(complaint(&said, code, says), None, "{command}: {said:?}");
    }
    assert_eq!(fs::read(place.path("notes.onnx")).unwrap(), b"keep");
}

#[test]
fn generators_are_imported() {
    let place = Place::new();
    place.succeed("export cgan --format safetensors --out g.safetensors");
    let said = json(&place.succeed("import g.safetensors --out i.safetensors --json").stdout);
    assert_eq!((&said["classes"], &said["names"]["bn1.bias"]), (&10.into(), &"bn1.bias".into()));
    assert_eq!(fs::read(place.path("g.safetensors")).unwrap(), fs::read(place.path("i.safetensors")).unwrap());
    place.succeed("export acgan --part classifier --format safetensors --out judge.safetensors");
    fs::write(place.path("notes.txt"), "keep").unwrap();
    for (command, says) in [
        ("import judge.safetensors", &["judge.safetensors is not a generator", "shape of its first layer"][..]),
        ("import notes.txt", &["notes.txt is not a whole safetensors file"]),
        ("import nothing.pt", &["nothing.pt"]),
        ("import g.safetensors --prefix ema. --out i.safetensors", &["no tensor has the shape of its first layer"]),
        ("import g.safetensors --out judge.safetensors", &["other weights than a generator's", "--out"]),
    ] {
        let said = place.digitgan(command);
        assert_eq!(complaint(&said, 1, says), None, "{command}: {said:?}");
    }
}
