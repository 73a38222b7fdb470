//! One digit into another, and what noise does: the formats, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use serde_json::Value;
use std::fs;
use support::{Place, complaint, files, json};

#[test]
fn every_format_holds_the_same_way() {
    let place = Place::new();
    for (args, out, begins, frames) in [
        ("--from 3 --to 8", "m.gif", &b"GIF89a"[..], 48),
        ("--digits 380", "m.apng", b"\x89PNG", 72),
        ("--digits 38 --format apng", "animated.png", b"\x89PNG", 48),
        ("--digits 38 --open --steps 5", "strip.png", b"\x89PNG", 6),
        ("cgan --steps 2 --rows 3", "rows.gif", b"GIF89a", 20),
    ] {
        let said = json(&place.succeed(&format!("morph {args} --out {out} --json")).stdout);
        assert_eq!(said["frames"], frames, "{args}");
        assert!(fs::read(place.path(out)).unwrap().starts_with(begins), "{args}");
    }
    place.succeed("morph --digits 38 --steps 4 --format frames --out frames");
    let frames = files(&place.path("frames"));
    assert_eq!(frames.keys().map(String::as_str).collect::<Vec<_>>()[..2], ["00000.png", "00001.png"]);
    assert_eq!(frames.len(), 8);
    // The stops are the digits that `sample` draws, and the same seed gives the same bytes.
    place.succeed("morph --digits 38 --steps 1 --seed 9 --format strip --out ends.png --scale 1");
    let (_, ends) = support::png_bytes(&fs::read(place.path("ends.png")).unwrap());
    place.succeed("sample --digits 38 --count 1 --seed 9 --out sampled.png --scale 1");
    let (_, sampled) = support::png_bytes(&fs::read(place.path("sampled.png")).unwrap());
    assert!(ends.iter().zip(&sampled).all(|(a, b)| a.abs_diff(*b) <= 1), "stops");
    let again = |threads: usize| {
        place.succeed(&format!("morph --digits 38 --threads {threads} --out again-{threads}.gif"));
        fs::read(place.path(&format!("again-{threads}.gif"))).unwrap()
    };
    assert_eq!(again(1), again(2));
}

#[test]
fn a_gan_goes_where_it_likes() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --max-steps 1 --name g");
    let said = json(&place.succeed("morph g --stops 3 --steps 2 --json").stdout);
    assert_eq!((&said["frames"], &said["digits"]), (&6.into(), &Value::Null));
    assert!(place.path("morph.gif").exists());
    for (args, says) in
        [("morph g --digits 38", "this generator is a GAN"), ("morph g --from 3 --to 8", "this generator is a GAN")]
    {
        assert_eq!(complaint(&place.digitgan(args), 1, &[says]), None, "{args}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_left() {
    let place = Place::new();
    fs::write(place.path("notes.gif"), "keep").unwrap();
    fs::create_dir(place.path("full")).unwrap();
    fs::write(place.path("full/notes"), "keep").unwrap();
    for (args, code, says) in [
        ("--from 3", 2, "required arguments"),
        ("--digits 3", 2, "two digits at least"),
        ("--digits 3x", 2, "\"x\" is no class of this generator"),
        ("--digits 38 --stops 3", 2, "cannot be used with"),
        ("--stops 3", 2, "--stops is for a GAN"),
        ("--steps 0", 2, "0 is not in 1..=1000"),
        ("--digits 38 --out m.mp4", 2, "must end in .gif"),
        ("--digits 38 --out notes.gif", 1, "is a text, not a GIF file"),
        ("--digits 38 --format frames --out full", 1, "full is not empty"),
        ("--digits 38 --format frames --out -", 2, "cannot go to standard output"),
        ("--digits 38 --format gif --out m.png", 2, "must end in .gif"),
        ("--steps 1000 --rows 100", 1, "there can be at most 100000"),
    ] {
        assert_eq!(complaint(&place.digitgan(&format!("morph {args}")), code, &[says]), None, "{args}");
    }
    assert_eq!(fs::read_to_string(place.path("notes.gif")).unwrap(), "keep");
    assert!(!place.path("morph.gif").exists() && !place.path("m.png").exists());
}

#[test]
fn directions_of_the_built_in_generator_lean_and_widen() {
    let place = Place::new();
    let said = json(&place.succeed("explore --directions 5 --digits 27 --steps 5 --json").stdout);
    let found = said["directions"].as_array().unwrap();
    let shares: Vec<f64> = found.iter().map(|direction| direction["share"].as_f64().unwrap()).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b) && shares[0] > 0.1, "{shares:?}");
    // What hands differ in most is among the strongest: slant by many degrees, and thickness or width.
    let changes = |measure: &str| {
        let most = found.iter().flat_map(|direction| direction["changes"].as_array().unwrap());
        let amounts =
            most.filter(|change| change["measure"] == measure).map(|change| change["amount"].as_f64().unwrap());
        amounts.fold(0.0, |most: f64, amount| most.max(amount.abs()))
    };
    assert!(changes("slant") > 15.0 && changes("width") > 2.0, "{found:?}");
    let (width, _) = support::png_bytes(&fs::read(place.path("explore.png")).unwrap());
    assert_eq!(width, 10 * 58 + 2);
    let text = place.succeed("explore --directions 2 --out e.png").stdout;
    assert!(text.contains("direction 2") && text.contains("slant +"), "{text}");
    for (args, code, says) in [
        ("explore --reach 0", 2, "--reach 0 is not from 0 to 100"),
        ("explore --reach nan", 2, "is not from 0 to 100"),
        ("explore --directions 101", 2, "101 is not in 1..=100"),
        ("explore --digit x", 2, "is no class of this generator"),
        ("explore --out e.gif", 2, "must end in .png"),
    ] {
        assert_eq!(complaint(&place.digitgan(args), code, &[says]), None, "{args}");
    }
}
