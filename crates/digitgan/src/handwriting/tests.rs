//! Lines of a trained generator: how much they vary, beside people, and what they depend on.

use super::people::{ALL, WITHIN};
use super::*;
use crate::built_in::BuiltIn;
use crate::engine::Device;
use crate::model::Variant;
use crate::weights::GeneratorFile;

const DIGITS: &str = "01234567890123456789";

fn hand(threads: usize) -> Hand {
    Hand::new(&Device::cpu(Some(threads)).unwrap(), &BuiltIn::default().generator()).unwrap()
}

fn texts(count: u64, text: &str) -> Vec<Text> {
    (0..count).map(|line| Text::new(text, line).unwrap()).collect()
}

/// The measures of a line's digits, as if they were as high as those that people are measured by.
fn measured(line: &Line, script: &Script) -> Vec<[f32; 3]> {
    let pixel = script.height * script.scale as f32 / people::MEAN.height;
    let digit = |at: &CharacterBox| {
        let width = (at.right - at.left) as usize;
        let rows = at.top as usize..at.bottom as usize;
        let image: Vec<u8> =
            rows.flat_map(|row| line.ink()[row * line.width() + at.left as usize..][..width].to_vec()).collect();
        let found = Measures::of(&image, width).unwrap();
        [found.slant, found.thickness / pixel, found.height / pixel]
    };
    line.boxes().iter().map(digit).collect()
}

fn deviation(values: &[f32]) -> f32 {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / (values.len() - 1) as f32).sqrt()
}

/// The median deviation of each measure within lines, and that of all their digits; classes are set off by their means.
fn deviations(style: Style, scale: u32) -> [(f32, f32); 3] {
    let script = Script { style, scale, ..Script::default() };
    let lines = hand(2).write(5, &script, &texts(40, DIGITS)).unwrap();
    let lines: Vec<Vec<[f32; 3]>> = lines.iter().map(|line| measured(line, &script)).collect();
    [0, 1, 2].map(|measure| {
        let mean = |class: usize| {
            let of_class = lines.iter().flat_map(|line| [line[class][measure], line[class + 10][measure]]);
            of_class.sum::<f32>() / (2 * lines.len()) as f32
        };
        let means: Vec<f32> = (0..10).map(mean).collect();
        let off = |line: &Vec<[f32; 3]>| -> Vec<f32> {
            line.iter().enumerate().map(|(place, found)| found[measure] - means[place % 10]).collect()
        };
        let mut within: Vec<f32> = lines.iter().map(|line| deviation(&off(line))).collect();
        within.sort_by(f32::total_cmp);
        (within[within.len() / 2], deviation(&lines.iter().flat_map(off).collect::<Vec<_>>()))
    })
}

#[test]
fn a_line_varies_as_one_persons_digits_and_a_mixed_one_as_many_peoples() {
    let [within, all] = [WITHIN, ALL].map(|found| [found.slant, found.thickness, found.height]);
    for scale in [1, 2, 4] {
        let (consistent, mixed) = (deviations(Style::Consistent, scale), deviations(Style::Mixed, scale));
        for measure in 0..3 {
            let ((line, _), (of_many, of_all)) = (consistent[measure], mixed[measure]);
            assert!(
                line <= within[measure],
                "{measure} at {scale}: {line} within a line, {} within a person",
                within[measure]
            );
            // A generator varies a little less than those it learned from.
            assert!(
                of_all >= 0.75 * all[measure],
                "{measure} at {scale}: {of_all} of mixed digits, {} of all",
                all[measure]
            );
            assert!(of_many > 1.3 * line, "{measure} at {scale}: {of_many} in a mixed line, {line} in another");
        }
    }
}

#[test]
fn writers_differ_from_each_other() {
    let script = Script::default();
    let lines = hand(2).write(5, &script, &texts(60, DIGITS)).unwrap();
    let means: Vec<[f32; 3]> = lines
        .iter()
        .map(|line| {
            let found = measured(line, &script);
            [0, 1, 2].map(|measure| found.iter().map(|digit| digit[measure]).sum::<f32>() / found.len() as f32)
        })
        .collect();
    for (measure, between) in [people::BETWEEN.slant, people::BETWEEN.thickness].into_iter().enumerate() {
        let found = deviation(&means.iter().map(|mean| mean[measure]).collect::<Vec<_>>());
        assert!((0.55..1.2).contains(&(found / between)), "{measure}: {found} between lines, {between} between people");
    }
}

#[test]
fn a_line_depends_on_nothing_beside_it() {
    let script = Script::default();
    let texts: Vec<Text> = ["2026-11-27", "(030) 12-34", "1.234,50", "7", "+49"]
        .iter()
        .zip(0..)
        .map(|(text, line)| Text::new(*text, line).unwrap())
        .collect();
    let all = hand(2).write(3, &script, &texts).unwrap();
    assert_eq!(hand(1).write(3, &script, &texts[2..3]).unwrap(), all[2..3]);
    assert_ne!(hand(1).write(4, &script, &texts[2..3]).unwrap(), all[2..3]);
    let other = Text::new("1.234,50", 9).unwrap().by(texts[2].writer);
    assert_ne!(hand(1).write(3, &script, &[other]).unwrap(), all[2..3], "another line of the same person's");
}

#[test]
fn every_character_has_a_box_around_its_ink_at_every_size() {
    let text = "12 (3)+4-5/6:7,8.90";
    for (scale, height, style) in [
        (1, 20.0, Style::Consistent),
        (2, 20.0, Style::Mixed),
        (8, 20.0, Style::Consistent),
        (1, 12.0, Style::Consistent),
    ] {
        let script = Script { scale, height, style, ..Script::default() };
        for line in hand(2).write(1, &script, &texts(8, text)).unwrap() {
            let found: String = line.boxes().iter().map(|at| at.character).collect();
            assert_eq!(found, text.replace(' ', ""));
            let unit = script.digit_height();
            for (row, pixels) in line.ink().chunks_exact(line.width()).enumerate() {
                for (column, _) in pixels.iter().enumerate().filter(|(_, ink)| **ink >= 128) {
                    let holds = |at: &CharacterBox| {
                        (at.left..at.right).contains(&(column as u32)) && (at.top..at.bottom).contains(&(row as u32))
                    };
                    assert!(line.boxes().iter().any(holds), "ink at {column}, {row} is in no box");
                }
            }
            for at in line.boxes().iter().filter(|at| at.character.is_ascii_digit()) {
                let height = (at.bottom - at.top) as f32;
                // An edge is one or two pixels wide at any size.
                let fits = 0.7 * unit..1.25 * unit + 4.0;
                assert!(fits.contains(&height), "{at:?} is {height} high, not {unit}");
            }
            assert!(line.boxes().windows(2).all(|two| two[0].left < two[1].left), "from left to right");
        }
    }
}

#[test]
fn edges_are_clear_however_large_a_line_is() {
    for scale in [2, 4, 8] {
        let line = &hand(2).write(2, &Script { scale, ..Script::default() }, &texts(1, "0123456789")).unwrap()[0];
        let (edge, ink) = line.ink().iter().fold((0, 0), |(edge, ink), &pixel| {
            (edge + usize::from((20..236).contains(&pixel)), ink + usize::from(pixel >= 236))
        });
        // A stroke is some three pixels wide before scaling, and an edge one or two pixels after.
        assert!((edge as f32) < 1.9 / scale as f32 * ink as f32, "at {scale}: {edge} pixels of edges, {ink} of ink");
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    for (text, says) in [
        ("12a", "'a' (character 3 of \"12a\") cannot be written: there are digits, spaces and . , - / : + ( )"),
        ("1٢", "'٢' (character 2"),
        ("1\t2", "'\\t' (character 2"),
        ("  ", "there is nothing to write"),
        ("", "there is nothing to write"),
        (&"1".repeat(201), "201 characters are too many for a line: give at most 200"),
    ] {
        assert!(Text::new(text, 0).unwrap_err().to_string().starts_with(says), "{text}");
    }
    let usual = Script::default();
    for script in [
        Script { height: 11.0, ..usual },
        Script { height: f32::NAN, ..usual },
        Script { spacing: -0.1, ..usual },
        Script { scale: 17, ..usual },
        Script { jitter: Jitter { slant: 4.1, ..usual.jitter }, ..usual },
    ] {
        assert!(matches!(hand(1).write(1, &script, &[]), Err(HandwritingError::Range { .. })), "{script:?}");
    }
    let large = Script { height: 400.0, scale: 16, ..usual };
    let refused = hand(1).write(1, &large, &texts(1, &"8".repeat(200)));
    assert!(matches!(refused, Err(HandwritingError::TooLarge { .. })));
}

#[test]
fn only_generators_that_are_told_digits_write() {
    let device = Device::cpu(Some(1)).unwrap();
    let refused = |file: &GeneratorFile| Hand::new(&device, file).err().map(|error| error.to_string());
    let gan = GeneratorFile::untrained(Variant::Gan, 10, 1).unwrap();
    assert!(refused(&gan).unwrap().starts_with("this generator draws what it likes"));
    let letters = GeneratorFile::untrained(Variant::Cgan, 26, 1).unwrap();
    assert!(refused(&letters).unwrap().starts_with("this generator draws 26 classes called 0, 1, 2, 3, 4, 5, …"));
    let mut clothes = GeneratorFile::untrained(Variant::Cgan, 10, 1).unwrap();
    clothes.class_names[3] = "dress".to_owned();
    assert!(refused(&clothes).unwrap().contains("writing takes one whose classes are called 0 to 9"));
    // Noise is written too: what a generator draws is its own affair.
    let untrained = GeneratorFile::untrained(Variant::Cgan, 10, 1).unwrap();
    assert!(Hand::new(&device, &untrained).unwrap().write(1, &Script::default(), &texts(2, "123")).is_ok());
}

#[test]
fn lines_stand_below_each_other_on_a_sheet() {
    let lines = hand(1).write(1, &Script::default(), &texts(2, "12")).unwrap();
    let sheet = Line::stacked(&lines).unwrap();
    assert_eq!((sheet.height(), sheet.boxes().len()), (lines[0].height() + lines[1].height(), 4));
    assert_eq!(sheet.boxes()[2].top, lines[1].boxes()[0].top + lines[0].height() as u32);
    assert!(matches!(Line::stacked(&[]), Err(HandwritingError::Blank)));
}

#[test]
fn distortions_are_named_and_colours_show() {
    let line = &hand(1).write(1, &Script::default(), &texts(1, "12:50")).unwrap()[0];
    let sheet = |look: Look| Sheet::new(line, &look, 1, 0);
    let usual = Look::default();
    assert_eq!(sheet(usual).channels, 1);
    assert_eq!(sheet(Look { ink: "navy".parse().unwrap(), ..usual }).channels, 3);
    let glass = sheet(Look { paper: None, ink: Colour([9, 8, 7]), ..usual });
    assert_eq!((glass.channels, &glass.pixels[..4]), (4, &[9, 8, 7, 0][..]));
    for step in ["rules", "grain:2", "perspective", "blur:3", "rules,grain,perspective,blur"] {
        let distorted = sheet(Look { distortion: step.parse().unwrap(), ..usual });
        assert_eq!(distorted, sheet(Look { distortion: step.parse().unwrap(), ..usual }), "{step}");
        assert_eq!(distorted.pixels.len(), distorted.width * distorted.height * 3);
        assert_ne!(
            distorted.pixels,
            Sheet::new(line, &Look { distortion: step.parse().unwrap(), ..usual }, 1, 1).pixels
        );
        // Dark ink is in boxes only.
        for (index, pixel) in distorted.pixels.chunks_exact(3).enumerate().filter(|(_, pixel)| pixel[0] < 90) {
            let (x, y) = ((index % distorted.width) as u32, (index / distorted.width) as u32);
            let holds = |at: &CharacterBox| (at.left..at.right).contains(&x) && (at.top..at.bottom).contains(&y);
            assert!(distorted.boxes.iter().any(holds), "{step}: {pixel:?} at {x}, {y}");
        }
    }
    for wrong in ["grains", "blur:4", "blur:-1", "blur:", "", "blur:NaN", "blur,,grain"] {
        assert!(matches!(wrong.parse::<Distortion>(), Err(HandwritingError::Distortion { .. })), "{wrong}");
    }
}
