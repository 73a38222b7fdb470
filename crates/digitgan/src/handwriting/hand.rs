//! A hand: a generator that writes lines.

use super::HandwritingError;
use super::choice::{ATTEMPTS, Digit};
use super::line::{Line, Material, compose};
use super::marks::MARKS;
use super::script::{Script, Style};
use super::writer::Writer;
use crate::IMAGE_PIXELS;
use crate::engine::{Device, Threads};
use crate::input::LATENT;
use crate::sample::Sampler;
use crate::seed::{self, Purpose, index};
use crate::weights::GeneratorFile;
use rayon::prelude::*;

/// Characters of a line, at most.
pub const MAX_CHARACTERS: usize = 200;

/// Checks that a text can be written as a line: digits, spaces and `. , - / : + ( )`.
///
/// # Errors
/// Another character, nothing but spaces, or more than [`MAX_CHARACTERS`].
pub fn check_text(text: &str) -> Result<(), HandwritingError> {
    let is_written = |character: char| character.is_ascii_digit() || character == ' ' || MARKS.contains(character);
    if let Some((place, found)) = text.chars().enumerate().find(|(_, character)| !is_written(*character)) {
        let text = text.chars().take(40).collect();
        return Err(HandwritingError::Character { found, place: place + 1, text });
    }
    let found = text.len();
    if found > MAX_CHARACTERS {
        return Err(HandwritingError::TooLong { found, most: MAX_CHARACTERS });
    }
    if text.trim().is_empty() { Err(HandwritingError::Blank) } else { Ok(()) }
}

/// What a line says, who writes it, and which of a seed's lines it is.
///
/// ```
/// use digitgan::handwriting::Text;
///
/// assert!(Text::new("12,50", 0).is_ok());
/// assert!(Text::new("twelve", 0).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// Its number: the same number, text and seed give the same line.
    pub line: u64,
    /// Its writer's number.
    pub writer: u64,
}

impl Text {
    /// A text that can be written, as line `line` by a writer of its own.
    ///
    /// # Errors
    /// Those of [`check_text`].
    pub fn new(text: impl Into<String>, line: u64) -> Result<Text, HandwritingError> {
        let text = text.into();
        check_text(&text)?;
        Ok(Text { text, line, writer: line })
    }

    /// The same, by writer `writer`.
    pub fn by(self, writer: u64) -> Text {
        Text { writer, ..self }
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0')
    }
}

/// A generator that writes lines.
///
/// ```
/// use digitgan::handwriting::{Hand, HandwritingError, Script, Text};
/// use digitgan::prelude::*;
///
/// let mut hand = Hand::new(&Device::cpu(None)?, &BuiltIn::Acgan.generator())?;
/// // Three lines by one writer, who is number 4 under this seed.
/// let texts = ["10:45", "27.11.2026", "(030) 12-34"];
/// let texts: Vec<Text> = (0..).zip(texts).map(|(line, text)| Ok(Text::new(text, line)?.by(4))).collect::<Result<_, HandwritingError>>()?;
/// let lines = hand.write(7, &Script::default(), &texts)?;
/// // A line is its seed, its number, its writer and its text, whatever is written beside it.
/// assert_eq!(hand.write(7, &Script::default(), &texts[2..])?, lines[2..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Hand {
    sampler: Sampler,
    threads: Threads,
    /// The generator's class of each digit.
    classes: [u8; 10],
}

impl Hand {
    /// Takes up a generator whose classes are called 0 to 9.
    ///
    /// # Errors
    /// A generator that draws what it likes or something else, tensors that do not fit its model, or a device that fails.
    pub fn new(device: &Device, generator: &GeneratorFile) -> Result<Hand, HandwritingError> {
        if !generator.spec.variant.wiring().generator_sees_class {
            return Err(HandwritingError::Unasked);
        }
        let names = &generator.class_names;
        let mut classes = [0; 10];
        for (digit, class) in classes.iter_mut().enumerate() {
            let found = names.iter().position(|name| *name == digit.to_string()).filter(|_| names.len() == 10);
            let found = found.ok_or_else(|| HandwritingError::OtherClasses { found: told(names) })?;
            *class = found as u8;
        }
        Ok(Hand { sampler: Sampler::new(device, generator)?, threads: device.threads().clone(), classes })
    }

    /// Writes lines.
    ///
    /// # Errors
    /// A script that [`Script::check`] refuses, a line that is too large, or a device that fails.
    pub fn write(&mut self, seed: u64, script: &Script, texts: &[Text]) -> Result<Vec<Line>, HandwritingError> {
        script.check()?;
        let writers: Vec<Writer> = texts.iter().map(|text| Writer::new(seed, text.writer)).collect();
        let digits = self.digits(seed, script.style, texts, &writers)?;
        let mut rest = &digits[..];
        let of_text = texts.iter().map(|text| {
            let (first, others) = rest.split_at(text.digits().count());
            rest = others;
            first
        });
        let materials: Vec<&[Option<Digit>]> = of_text.collect();
        self.threads.install(|| {
            let lines = texts.par_iter().zip(&writers).zip(materials).map(|((text, writer), digits)| {
                compose(seed, text.line, writer, script, &Material { text: text.text(), digits })
            });
            lines.collect()
        })
    }

    /// Does something with the threads that this hand writes with.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.install(work)
    }

    /// The digits of some texts, one after the other; none where a generator draws nothing.
    fn digits(
        &mut self,
        seed: u64,
        style: Style,
        texts: &[Text],
        writers: &[Writer],
    ) -> Result<Vec<Option<Digit>>, HandwritingError> {
        let of_text = |(text, writer)| {
            Text::digits(text).enumerate().map(move |(place, digit)| Slot { text, writer, place, digit })
        };
        let slots: Vec<Slot<'_>> = texts.iter().zip(writers).flat_map(of_text).collect();
        let mut digits: Vec<Option<Digit>> = vec![None; slots.len()];
        let mut open: Vec<usize> = (0..slots.len()).collect();
        let threads = self.threads.clone();
        for attempt in 0..ATTEMPTS {
            let labels: Vec<u8> = open.iter().map(|&slot| self.classes[usize::from(slots[slot].digit)]).collect();
            let latents = threads.install(|| {
                let mut latents = vec![0.0; open.len() * LATENT];
                let noise = latents.par_chunks_exact_mut(LATENT).zip(&open);
                noise.for_each(|(latent, &slot)| slots[slot].noise(seed, style, attempt, latent));
                latents
            });
            let images = self.sampler.draw_latents(&latents, &labels)?;
            let drawn: Vec<Option<Digit>> = threads.install(|| {
                let drawn = images.par_chunks_exact(IMAGE_PIXELS).zip(&open);
                drawn.map(|(image, &slot)| Digit::new(slots[slot].digit, image, slots[slot].writer, style)).collect()
            });
            for (&slot, drawn) in open.iter().zip(drawn) {
                digits[slot] = Digit::nearer(digits[slot].take(), drawn);
            }
            open.retain(|&slot| !digits[slot].as_ref().is_some_and(Digit::is_near));
            if open.is_empty() {
                break;
            }
        }
        Ok(digits)
    }
}

/// A digit that is to be written.
struct Slot<'a> {
    text: &'a Text,
    writer: &'a Writer,
    /// The how many'th of its line.
    place: usize,
    digit: u8,
}

impl Slot<'_> {
    /// The noise behind its picture, `[100]`: a writer's own, with something else each time.
    fn noise(&self, seed: u64, style: Style, attempt: usize, latent: &mut [f32]) {
        let picture = self.place * ATTEMPTS + attempt;
        seed::fill_normal(seed, Purpose::LineLatent, index::line_digit(self.text.line, picture), latent);
        let (own, other) = Writer::shares(style);
        latent
            .iter_mut()
            .zip(self.writer.noise())
            .for_each(|(latent, writer)| *latent = other * *latent + own * writer);
    }
}

/// Some classes in words.
fn told(names: &[String]) -> String {
    let some: Vec<&str> = names.iter().take(6).map(String::as_str).collect();
    let more = if names.len() > some.len() { ", …" } else { "" };
    format!("{} classes called {}{more}", names.len(), some.join(", "))
}
