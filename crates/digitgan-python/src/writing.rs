//! Lines of digits as a person writes them.

use crate::arguments::{self, owned};
use crate::error::{mistyped, raised, unfit};
use crate::generator::Generator;
use crate::process::detached;
use digitgan::built_in::BuiltIn;
use digitgan::handwriting::{
    Colour, Distortion, Hand, HandwritingError, Jitter, Line, Look, Script, Sheet, Style, Text,
};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

/// The generator that writes where none is named.
static USUAL: PyOnceLock<Py<Generator>> = PyOnceLock::new();

/// Writes digits and . , - / : + ( ) as a person does.
///
/// The same seed writes the same picture as `digitgan write`.
///
/// Args:
///     text: a line, or a sequence of lines, one below the other.
///     seed: which writers: every seed has others.
///     generator: a `Generator` of digits; None: the built-in "acgan".
///     style: "consistent", one person throughout, or "mixed", every digit by another.
///     height: of the digits, in pixels before `scale`, 12 to 400.
///     scale: times as large, with smooth edges, 1 to 16.
///     spacing: how far apart characters stand, 0 to 8: 1 is usual.
///     jitter: how much the hand strays, 0 to 4: 1 is usual, 0 a machine; or a dictionary of some of "spacing", "height", "baseline",
///         "slant".
///     ink: a colour's name (black, blue, navy, red, green, pencil, ...) or #rrggbb.
///     paper: the same, or None: transparent.
///     distort: what happens to the paper and in the camera, in this order: "rules,grain,perspective,blur", each with its strength from
///         0 to 3 if need be, as in "blur:0.5".
///
/// Returns:
///     An array uint8: [height, width] where all is grey, [height, width, 3] in colours, and [height, width, 4], with how much ink
///     covers a pixel, without paper.
///
/// Raises:
///     InputError: what cannot be written, or not so.
///
/// >>> import digitgan
/// >>> digitgan.write("2026-11-27", seed=4).ndim
/// 2
/// >>> digitgan.write(["12,50", "(030) 12-34"], ink="navy", paper=None).shape[2]
/// 4
#[pyfunction]
#[pyo3(
    signature = (text, *, seed=None, generator=None, style="consistent", height=20.0, scale=None, spacing=1.0, jitter=None,
                 ink="black", paper=Some("white"), distort=None),
    text_signature = "(text, *, seed=1, generator=None, style='consistent', height=20.0, scale=2, spacing=1.0, jitter=1.0, \
                      ink='black', paper='white', distort=None)"
)]
#[allow(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn write<'py>(
    py: Python<'py>,
    text: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
    generator: Option<&Bound<'py, Generator>>,
    style: &str,
    height: f32,
    scale: Option<&Bound<'py, PyAny>>,
    spacing: f32,
    jitter: Option<&Bound<'py, PyAny>>,
    ink: &str,
    paper: Option<&str>,
    distort: Option<&str>,
) -> PyResult<Bound<'py, PyAny>> {
    let seed = arguments::whole("seed", seed, 1)?;
    let scale = u32::try_from(arguments::count("scale", scale, 2)?).unwrap_or(u32::MAX);
    let script = Script { style: style_of(style)?, height, spacing, jitter: jitter_of(jitter)?, scale };
    script.check().map_err(|error| unfit(argument_of(&error), &error))?;
    let look = look(ink, paper, distort)?;
    let texts = texts(text, script.style)?;
    let generator = match generator {
        Some(generator) => generator.get(),
        None => USUAL.get_or_try_init(py, || Py::new(py, Generator::built_in(BuiltIn::default())))?.get(),
    };
    let make = |device: &_| Hand::new(device, generator.file());
    let lines = generator.hands().with(py, "text", make, |hand| hand.write(seed, &script, &texts))?;
    let sheet =
        detached(py, "text", || Ok::<_, HandwritingError>(Sheet::new(&Line::stacked(&lines)?, &look, seed, 0)))?;
    let Sheet { width, height, channels, pixels, .. } = sheet;
    match channels {
        1 => owned(py, pixels, [height, width]),
        channels => owned(py, pixels, [height, width, channels]),
    }
}

/// The lines, by one person where they are to look so.
fn texts(text: &Bound<'_, PyAny>, style: Style) -> PyResult<Vec<Text>> {
    let lines: Vec<String> = match text.cast::<PyString>() {
        Ok(line) => vec![line.to_string()],
        Err(_) => text.extract().map_err(|_| {
            mistyped("text", format_args!("{}, expected a text or a sequence of texts", arguments::type_of(text)))
        })?,
    };
    if lines.is_empty() {
        return Err(unfit("text", "no line to write"));
    }
    let line = |(number, line): (u64, String)| {
        let text = Text::new(line, number).map_err(|error| raised("text", &error))?;
        Ok(if style == Style::Consistent { text.by(0) } else { text })
    };
    (0..).zip(lines).map(line).collect()
}

fn style_of(style: &str) -> PyResult<Style> {
    match style {
        "consistent" => Ok(Style::Consistent),
        "mixed" => Ok(Style::Mixed),
        other => Err(unfit("style", format_args!("{other:?} is neither \"consistent\" nor \"mixed\""))),
    }
}

fn jitter_of(jitter: Option<&Bound<'_, PyAny>>) -> PyResult<Jitter> {
    let Some(value) = jitter else { return Ok(Jitter::all(1.0)) };
    let number = |value: &Bound<'_, PyAny>| {
        value
            .extract::<f32>()
            .map_err(|_| mistyped("jitter", format_args!("{} is no number", arguments::type_of(value))))
    };
    let Ok(some) = value.cast::<PyDict>() else { return Ok(Jitter::all(number(value)?)) };
    let mut jitter = Jitter::all(1.0);
    for (name, value) in some {
        let place = match name.extract::<String>().as_deref() {
            Ok("spacing") => &mut jitter.spacing,
            Ok("height") => &mut jitter.height,
            Ok("baseline") => &mut jitter.baseline,
            Ok("slant") => &mut jitter.slant,
            _ => return Err(unfit("jitter", format_args!("{name} is none of spacing, height, baseline, slant"))),
        };
        *place = number(&value)?;
    }
    Ok(jitter)
}

fn look(ink: &str, paper: Option<&str>, distort: Option<&str>) -> PyResult<Look> {
    let colour = |argument, text: &str| text.parse::<Colour>().map_err(|error| raised(argument, &error));
    let distortion: Distortion =
        distort.map(str::parse).transpose().map_err(|error| raised("distort", &error))?.unwrap_or_default();
    if distortion.jpeg > 0.0 {
        return Err(unfit("distort", "compression is for files: leave jpeg out, or let `digitgan write` write one"));
    }
    if paper.is_none() && !distortion.is_none() {
        return Err(unfit("distort", "there is no paper to distort: give one, or leave this out"));
    }
    let paper = paper.map(|paper| colour("paper", paper)).transpose()?;
    Ok(Look { ink: colour("ink", ink)?, paper, distortion })
}

/// The argument that is beyond its range.
fn argument_of(error: &HandwritingError) -> &'static str {
    match error {
        HandwritingError::Range { what, .. } if what.starts_with("jitter") => "jitter",
        HandwritingError::Range { what, .. } => what,
        _ => "text",
    }
}
