//! Whatever flags can set, a file can set too, and the other way round.

use super::*;
use clap::{Args, FromArgMatches};
use proptest::prelude::*;

/// What flags say.
fn parsed(arguments: &[String]) -> Result<Layer, clap::Error> {
    let command = Options::augment_args(Command::new("train").no_binary_name(true));
    let matches = command.try_get_matches_from(arguments)?;
    Ok(Options::from_arg_matches(&matches)?.0)
}

/// The flags that say what a layer says.
fn arguments(layer: &Layer) -> Vec<String> {
    let said = settings().filter_map(|setting| Some((setting, setting.text(layer)?)));
    said.map(|(setting, text)| match flags::is_positional(setting) {
        true => text,
        false => format!("{}={text}", flags::flag(setting)),
    })
    .collect()
}

/// The names in backticks of a setting's help that are values of it.
fn choices(setting: &Setting) -> Vec<&'static str> {
    let quoted = setting.help.split('`').skip(1).step_by(2);
    quoted.filter(|name| readable(setting, name).is_ok()).collect()
}

/// Texts of values of a setting.
fn texts(setting: &'static Setting) -> BoxedStrategy<String> {
    match setting.kind {
        Kind::Whole if setting.name == "threads" => (1..=1024_u16).prop_map(|number| number.to_string()).boxed(),
        Kind::Whole => any::<u32>().prop_map(|number| number.to_string()).boxed(),
        Kind::Real => any::<f32>().prop_map(|number| number.to_string()).boxed(),
        Kind::Choice => proptest::sample::select(choices(setting)).prop_map(str::to_owned).boxed(),
        Kind::List => proptest::sample::subsequence(choices(setting), 0..=choices(setting).len())
            .prop_map(|names| names.join(","))
            .boxed(),
        _ if setting.name == "range" => {
            (0_u8..9, 9_u8..20).prop_map(|(black, white)| format!("{black}..{white}")).boxed()
        }
        _ => "\\PC{1,12}".boxed(),
    }
}

/// Layers that say something of some settings.
fn layers() -> impl Strategy<Value = Layer> {
    let said: Vec<_> = Setting::all().map(|setting| proptest::option::of(texts(setting))).collect();
    said.prop_map(|texts| {
        let mut layer = Layer::default();
        for (setting, text) in Setting::all().zip(texts) {
            if let Some(text) = text {
                setting.set(&mut layer, &text).unwrap();
            }
        }
        // Flags that name two places are refused.
        layer.name = layer.name.filter(|_| layer.out.is_none());
        layer
    })
}

proptest! {
    #[test]
    fn layers_come_back_from_files_and_from_flags(layer in layers()) {
        let file = toml::to_string(&layer).unwrap();
        prop_assert_eq!(&toml::from_str::<Layer>(&file).unwrap(), &layer, "{}", file);
        let flags = arguments(&layer);
        prop_assert_eq!(parsed(&flags).unwrap(), Layer { data_dir: None, ..layer }, "{:?}", flags);
    }
}

#[test]
fn every_choice_is_explained() {
    for setting in Setting::all().filter(|setting| matches!(setting.kind, Kind::Choice | Kind::List)) {
        assert!(choices(setting).len() >= 2, "{}", setting.name);
        for name in setting.value.split('|').filter(|_| setting.value.contains('|')) {
            assert!(choices(setting).contains(&name), "{}: {name}", setting.name);
        }
    }
}

#[test]
fn flags_are_read_and_misread_as_ever() {
    let parsed = |text: &str| parsed(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let layer = parsed("cgan --augment affine --augment elastic --lr -1 --recipe report").unwrap();
    assert_eq!(arguments(&layer), ["--recipe=paper", "cgan", "--augment=affine,elastic", "--lr=-1"]);
    for text in ["--lr 1 --lr 2", "--name a --out b", "--epochs -1", "gan cgan", "--learning-rate 1", "--augment blur"]
    {
        assert_eq!(parsed(text).unwrap_err().exit_code(), 2, "{text}");
    }
}
