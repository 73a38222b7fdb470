//! Tests of the settings.

use super::*;
use crate::data::{Augment, DataSource};
use crate::engine::Precision;
use crate::engine::{InstanceNoise, Protocol};
use crate::error::ErrorKind;
use crate::loss::{AdversarialLoss, GeneratorLoss, Losses};
use crate::model::{ClassInput, Design, Normaliser, SourceHead, Variant};

#[test]
fn recipes_are_valid_for_every_model() {
    for recipe in [Recipe::Paper, Recipe::Modern] {
        for model in Variant::ALL {
            let config = recipe.config(model);
            assert_eq!((config.validate(), config.model), (Ok(()), model), "{recipe:?}");
        }
    }
    assert_eq!(Recipe::Paper.config(Variant::Acgan), TrainConfig::default());
}

#[test]
fn the_default_is_the_papers_protocol_and_valid() {
    let config = TrainConfig::default();
    assert_eq!(config.validate(), Ok(()));
    assert_eq!((config.epochs, config.batch_size, config.lr, config.beta1), (20, 64, 1e-3, 0.5));
    assert_eq!(config.total_steps(60_000), 20 * 937);
    assert_eq!(TrainConfig { max_steps: Some(5), ..config }.total_steps(60_000), 5);
}

#[test]
fn each_impossible_setting_is_named() {
    let good = TrainConfig::default;
    for (config, option) in [
        (TrainConfig { epochs: 0, ..good() }, "epochs"),
        (TrainConfig { batch_size: 1, ..good() }, "batch-size"),
        (TrainConfig { batch_size: MAX_BATCH + 1, ..good() }, "batch-size"),
        (TrainConfig { lr: 0.0, ..good() }, "lr"),
        (TrainConfig { lr: f64::NAN, ..good() }, "lr"),
        (TrainConfig { lr_d: -1.0, ..good() }, "lr-d"),
        (TrainConfig { beta1: 1.0, ..good() }, "beta1"),
        (TrainConfig { label_smoothing: 0.5, ..good() }, "label-smoothing"),
        (TrainConfig { label_smoothing: -0.1, ..good() }, "label-smoothing"),
        (TrainConfig { label_smoothing: f32::NAN, ..good() }, "label-smoothing"),
        (TrainConfig { label_smoothing: 0.1, loss: AdversarialLoss::Hinge, ..good() }, "label-smoothing"),
        (TrainConfig { g_loss: GeneratorLoss::Saturating, loss: AdversarialLoss::Relativistic, ..good() }, "g-loss"),
        (TrainConfig { fake_class_weight: 0.0, ..good() }, "fake-class-weight"),
        (TrainConfig { fake_class_weight: f32::NAN, ..good() }, "fake-class-weight"),
        (TrainConfig { fake_class_weight: 10.5, ..good() }, "fake-class-weight"),
        (TrainConfig { instance_noise: 1.01, ..good() }, "instance-noise"),
        (TrainConfig { instance_noise: -0.1, ..good() }, "instance-noise"),
        (TrainConfig { lr_decay: 1.5, ..good() }, "lr-decay"),
        (TrainConfig { lr_decay: f64::NAN, ..good() }, "lr-decay"),
        (TrainConfig { ema: 1.0, ..good() }, "ema"),
        (TrainConfig { ema: -0.5, ..good() }, "ema"),
        (TrainConfig { d_leak: 1.0, ..good() }, "d-leak"),
        (TrainConfig { d_leak: -0.2, ..good() }, "d-leak"),
        (TrainConfig { pack: 0, ..good() }, "pack"),
        (TrainConfig { pack: 3, ..good() }, "pack"),
        (TrainConfig { pack: 8, ..good() }, "pack"),
        (TrainConfig { pack: 2, batch_size: 2, ..good() }, "pack"),
        (TrainConfig { seed: u64::MAX, ..good() }, "seed"),
        (TrainConfig { checkpoint_steps: Some(0), ..good() }, "checkpoint-steps"),
        (TrainConfig { max_steps: Some(0), ..good() }, "max-steps"),
    ] {
        let error = config.validate().unwrap_err();
        assert_eq!((error.setting(), error.kind()), (option, ErrorKind::Setting));
        let text = error.to_string();
        assert!(text.starts_with(&format!("`{option}` is ")) && text.contains(", but must be "), "{text}");
    }
}

#[test]
fn the_ends_of_every_range_are_possible() {
    let good = TrainConfig::default;
    for config in [
        TrainConfig { label_smoothing: 0.49, fake_class_weight: 10.0, instance_noise: 1.0, lr_decay: 1.0, ..good() },
        TrainConfig { ema: 0.99999, d_leak: 0.99, pack: Design::MAX_PACK, ..good() },
        TrainConfig { pack: 4, batch_size: 8, ..good() },
    ] {
        assert_eq!(config.validate(), Ok(()), "{config:?}");
    }
}

#[test]
fn rates_fall_linearly_over_the_last_share_of_the_training() {
    for (lr_decay, done, expected) in [
        (0.0, 0.0, 1.0),
        (0.0, 0.999, 1.0),
        (0.25, 0.0, 1.0),
        (0.25, 0.75, 1.0),
        (0.25, 0.875, 0.5),
        (0.25, 1.0, 0.0),
        (1.0, 0.0, 1.0),
        (1.0, 0.25, 0.75),
    ] {
        let config = TrainConfig { lr_decay, ..TrainConfig::default() };
        assert_eq!(config.rate_factor(done), expected, "{lr_decay} after {done}");
        assert_eq!(config.is_scheduled(), lr_decay > 0.0);
    }
}

#[test]
fn instance_noise_falls_linearly_to_none() {
    let config = TrainConfig { instance_noise: 0.4, seed: 7, ..TrainConfig::default() };
    assert!(config.is_scheduled());
    for (done, deviation) in [(0.0, 0.4), (0.5, 0.2), (0.75, 0.1)] {
        assert_eq!(config.noise(done), Some(InstanceNoise { deviation, seed: 7 }), "after {done}");
    }
    assert_eq!(config.noise(1.0), None);
    assert_eq!(TrainConfig::default().noise(0.0), None);
}

#[test]
fn the_options_reach_the_engine() {
    let config = TrainConfig {
        beta1: 0.25,
        loss: AdversarialLoss::Hinge,
        label_smoothing: 0.1,
        fake_class_weight: 0.3,
        ema: 0.999,
        d_leak: 0.2,
        d_norm: Normaliser::Spectral,
        d_class: ClassInput::Projection,
        d_head: SourceHead::Hidden,
        pack: 2,
        precision: Precision::Bf16,
        ..TrainConfig::default()
    };
    let design = Design {
        leak: 0.2,
        normaliser: Normaliser::Spectral,
        class_input: ClassInput::Projection,
        head: SourceHead::Hidden,
        pack: 2,
    };
    let losses = Losses {
        adversarial: AdversarialLoss::Hinge,
        label_smoothing: 0.1,
        fake_class_weight: 0.3,
        ..Losses::default()
    };
    let expected = Protocol {
        beta1: 0.25,
        losses,
        design,
        average: Some(0.999),
        precision: Precision::Bf16,
        ..Protocol::default()
    };
    assert_eq!(config.protocol(), expected);
    assert_eq!(TrainConfig::default().protocol(), Protocol::default());
}

#[test]
fn every_declaration_is_whole() {
    let names: Vec<&str> = Setting::all().map(|setting| setting.name).collect();
    for (i, setting) in Setting::all().enumerate() {
        let name = setting.name;
        assert!(!names[..i].contains(&name), "{name} is declared twice");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{name}");
        assert!(!setting.help.is_empty() && !setting.help.ends_with('.') && !setting.value.is_empty(), "{name}");
        assert_eq!(setting.help.matches('`').count() % 2, 0, "{name}");
        // What decides a step cannot change, and what can change is in no checkpoint.
        match setting.checkpoint {
            Held::Value | Held::ValueUnlessPaper => assert_eq!(setting.resume, OnResume::Fixed, "{name}"),
            Held::ValueIfScheduled(_) => assert_eq!(setting.resume, OnResume::MayChangeUnlessScheduled, "{name}"),
            Held::Always(_) | Held::Nothing => {}
        }
    }
}

#[test]
fn defaults_are_values_or_words() {
    for (name, modern, paper) in [
        ("recipe", Some("modern"), Some("modern")),
        ("model", Some("acgan"), Some("acgan")),
        ("lr", Some("0.004"), Some("0.001")),
        ("lr-d", Some("that of `lr`"), Some("that of `lr`")),
        ("fake-class-weight", Some("0.1"), Some("1")),
        ("d-head", Some("hidden"), Some("linear")),
        ("augment", Some("none"), Some("none")),
        ("max-steps", None, None),
        ("out", None, None),
    ] {
        let setting = Setting::named(name).unwrap();
        let defaults = [Recipe::Modern, Recipe::Paper].map(|recipe| setting.default(recipe));
        assert_eq!(defaults, [modern, paper].map(|text| text.map(str::to_owned)), "{name}");
    }
    let said = Layer { recipe: Some(Recipe::default()), ..Layer::default() };
    let recipe = Setting::named("recipe").unwrap();
    assert_eq!(recipe.text(&said), recipe.default(Recipe::default()));
}

#[test]
fn a_text_that_is_no_value_is_answered_with_what_could_be() {
    for (name, text, says) in [
        ("model", "dcgan", "choose gan, cgan or acgan"),
        ("g-loss", "foo", "choose non-saturating or saturating"),
        ("loss", "foo", "choose cross-entropy, hinge, relativistic"),
        ("recipe", "foo", "choose modern or paper"),
        ("augment", "affine,blur", "affine or elastic"),
        ("epochs", "-1", "invalid digit"),
        ("lr", "x", "invalid float"),
        ("data", "", "is empty"),
        ("threads", "0", "0 is not in 1..=1024"),
        ("threads", "1025", "1025 is not in 1..=1024"),
    ] {
        let error = Setting::named(name).unwrap().set(&mut Layer::default(), text).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&format!("`{name}` cannot be {text:?}")) && message.contains(says), "{message}");
        assert_eq!(error.kind(), ErrorKind::Setting);
    }
}

#[test]
fn one_layer_lies_over_another() {
    let layer = |said: &[(&str, &str)]| {
        let mut layer = Layer::default();
        said.iter().for_each(|(name, text)| Setting::named(name).unwrap().set(&mut layer, text).unwrap());
        layer
    };
    let rates = |over: &[(&str, &str)], below: &[(&str, &str)]| {
        let config = layer(over).over(layer(below)).config().unwrap();
        (config.lr, config.lr_d)
    };
    for (over, below, expected) in [
        (&[("lr", "1")][..], &[("lr", "2"), ("lr-d", "3")][..], (1.0, 1.0)),
        (&[("lr-d", "1")], &[("lr", "2"), ("lr-d", "3")], (2.0, 1.0)),
        (&[("lr", "1"), ("lr-d", "4")], &[("lr-d", "3")], (1.0, 4.0)),
        (&[("recipe", "modern")], &[("recipe", "paper")], (4e-3, 4e-3)),
        (&[], &[("recipe", "report")], (1e-3, 1e-3)),
        (&[("recipe", "paper")], &[("lr", "2")], (2.0, 2.0)),
    ] {
        assert_eq!(rates(over, below), expected, "{over:?} over {below:?}");
    }
    let place = layer(&[("name", "a")]).over(layer(&[("out", "b"), ("seed", "7")]));
    assert_eq!(place, layer(&[("name", "a"), ("seed", "7")]));
    // The order in which augmentations are named, and how often, means nothing.
    let augment = layer(&[("augment", "elastic,affine,elastic")]).config().unwrap().augment;
    assert_eq!(augment, [Augment::Affine, Augment::Elastic]);
    assert_eq!(layer(&[("epochs", "0")]).config().unwrap_err().setting(), "epochs");
}

#[test]
fn a_layer_that_says_all_is_the_settings_themselves() {
    for recipe in Recipe::ALL {
        let config = TrainConfig { max_steps: Some(7), data: DataSource::Strokes, ..recipe.config(Variant::Gan) };
        assert_eq!(Layer::from(&config).config(), Ok(config));
    }
}

#[test]
fn a_run_that_has_begun_takes_a_setting_on_or_refuses_it() {
    let planned = TrainConfig { max_steps: Some(5), ..Recipe::Modern.config(Variant::Gan) };
    let open = TrainConfig { max_steps: Some(5), ..Recipe::Paper.config(Variant::Gan) };
    let with = |config: &TrainConfig, name: &str, text: &str| {
        let mut said = Layer::default();
        Setting::named(name).unwrap().set(&mut said, text).unwrap();
        config.resumed_with(&said)
    };
    assert_eq!(open.resumed_with(&Layer::default()), Ok(open.clone()));
    for (name, text, expected) in [
        ("epochs", "30", TrainConfig { epochs: 30, max_steps: None, ..open.clone() }),
        ("max-steps", "9", TrainConfig { max_steps: Some(9), ..open.clone() }),
        ("checkpoint-steps", "9", TrainConfig { checkpoint_steps: Some(9), ..open.clone() }),
        ("watch", "off", TrainConfig { watch: Watch::Off, ..open.clone() }),
        ("watch-steps", "9", TrainConfig { watch_steps: 9, ..open.clone() }),
        ("on-collapse", "stop", TrainConfig { on_collapse: OnCollapse::Stop, ..open.clone() }),
        ("data", "mnist", TrainConfig { data: DataSource::Mnist, ..open.clone() }),
        ("threads", "2", open.clone()),
        ("data-dir", "d", open.clone()),
    ] {
        assert_eq!(with(&open, name, text), Ok(expected), "{name}");
    }
    for (config, name, text) in [
        (&open, "seed", "2"),
        (&open, "model", "gan"),
        (&open, "recipe", "paper"),
        (&open, "name", "n"),
        (&planned, "epochs", "30"),
    ] {
        let error = with(config, name, text).unwrap_err();
        assert_eq!((error.setting(), error.kind()), (name, ErrorKind::Setting), "{error}");
    }
    // Its own length is no change.
    assert_eq!(with(&planned, "epochs", "20"), Ok(TrainConfig { max_steps: None, ..planned }));
    assert_eq!(with(&open, "watch-steps", "0").unwrap_err().kind(), ErrorKind::Setting);
}
