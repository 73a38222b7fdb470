//! `--device`: what is there is used, what is not is named, and a training goes on anywhere.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use support::{Place, complaint};

const TRAIN: &str = "train cgan --data digits --batch-size 8 --watch off";

#[test]
fn a_device_that_cannot_be_had_is_named_in_one_line() {
    let place = Place::new();
    place.succeed(&format!("{TRAIN} --max-steps 2 --name r"));
    let mut cases = vec![
        ("gpu", 2, "choose cpu, auto, cuda, vulkan, metal, webgpu or flex"),
        ("cuda:first", 2, "is no number of a device"),
        ("cpu:1", 2, "there is one cpu only"),
    ];
    if cfg!(feature = "gpu") {
        cases.push(("flex:1", 1, "there is one flex device only, flex:0"));
    } else {
        cases.push(("flex", 1, "built without it; build it with `cargo build --release --features gpu`"));
        cases.push(("cuda:1", 1, "built without it; build it with `cargo build --release --features cuda`"));
    }
    for (device, code, says) in cases {
        let device_option = format!("--device {device}");
        let train = format!("{TRAIN} --max-steps 2 --name new");
        for command in [&train, "sample r", "generate r --count 9", "evaluate r", "train --resume r --max-steps 4"] {
            let said = place.digitgan(&format!("{command} {device_option}"));
            assert_eq!(complaint(&said, code, &[says]), None, "{command} {device_option}: {}", said.stderr);
        }
        assert!(["runs/new", "digits.png", "generated"].iter().all(|name| !place.path(name).exists()));
    }
}

#[test]
fn auto_says_what_it_takes() {
    let place = Place::new();
    let said = place.succeed(&format!("{TRAIN} --max-steps 2 --name r --device auto"));
    let device = &place.run_directory("r").path().join("run.toml");
    let on_cpu = std::fs::read_to_string(device).unwrap().contains("device = \"cpu (");
    assert_eq!(on_cpu, said.stderr.contains("no GPU to use") && said.stderr.contains("going on on the CPU"));
}

#[cfg(feature = "gpu")]
#[test]
fn a_training_goes_on_on_another_device_and_draws_the_same() {
    use digitgan::run::step_log;
    use digitgan::run::timing::Timing;
    use digitgan::train::LossRecord;
    use std::io::Read;

    let place = Place::new();
    let train = format!("{TRAIN} --epochs 2 --lr 1e-5 --ema 0 --seed 3");
    place.succeed(&format!("{train} --name cpu"));
    place.succeed(&format!("{train} --name mixed --max-steps 4 --device flex"));
    place.succeed("train --resume mixed --max-steps 8 --watch off");
    place.succeed("train --resume mixed --epochs 2 --watch off --device flex");
    let timing = Timing::read(&place.run_directory("mixed").timing()).unwrap().unwrap();
    let devices: Vec<bool> = timing.sessions.iter().map(|session| session.device == "flex (Burn)").collect();
    assert_eq!(devices, [true, false, true]);
    let [ours, theirs] =
        ["cpu", "mixed"].map(|run| step_log::read::<LossRecord>(&place.run_directory(run).losses()).unwrap());
    assert_eq!((ours.len(), theirs.len()), (12, 12));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((ours.step, ours.epoch), (theirs.step, theirs.epoch));
        let near = |a: f32, b: f32| (a - b).abs() <= 1e-3 * a.abs();
        assert!(near(ours.d_loss, theirs.d_loss) && near(ours.g_loss, theirs.g_loss), "{ours:?} and {theirs:?}");
    }
    // A picture by the same weights is the same on any device, but for a rounding of a grey level.
    let [ours, theirs] = ["cpu", "flex"].map(|device| {
        place.succeed(&format!("sample mixed --scale 1 --device {device} --out {device}.png"));
        support::png_bytes(&std::fs::read(place.path(&format!("{device}.png"))).unwrap()).1
    });
    let alike = |ours: &[u8], theirs: &[u8]| {
        assert_eq!(ours.len(), theirs.len());
        assert!(ours.iter().zip(theirs).all(|(a, b)| a.abs_diff(*b) <= 1));
    };
    alike(&ours, &theirs);
    let [ours, theirs] = ["cpu", "flex"].map(|device| {
        place.succeed(&format!("generate mixed --count 40 --device {device} --out set-{device}"));
        let file = std::fs::File::open(place.path(&format!("set-{device}/train-images-idx3-ubyte.gz"))).unwrap();
        let mut images = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut images).unwrap();
        images
    });
    assert_eq!(ours.len(), 16 + 40 * 28 * 28);
    alike(&ours, &theirs);
}

#[cfg(feature = "gpu")]
#[test]
fn augmented_images_and_packs_are_the_same_on_another_device() {
    use digitgan::run::step_log;
    use digitgan::train::LossRecord;

    for (name, options) in [("augmented", "--augment affine"), ("packs", "--pack 2"), ("noisy", "--instance-noise 0.2")]
    {
        let place = Place::new();
        let of = |device: &str| {
            place.succeed(&format!(
                "{TRAIN} --max-steps 3 --lr 1e-5 --seed 3 {options} --device {device} --name {device}"
            ));
            step_log::read::<LossRecord>(&place.run_directory(device).losses()).unwrap()
        };
        let (ours, theirs) = (of("cpu"), of("flex"));
        assert_eq!((ours.len(), theirs.len()), (3, 3), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let near = |a: f32, b: f32| (a - b).abs() <= 1e-3 * a.abs();
            assert!(
                near(ours.d_loss, theirs.d_loss) && near(ours.g_loss, theirs.g_loss),
                "{name}: {ours:?} and {theirs:?}"
            );
        }
    }
}
