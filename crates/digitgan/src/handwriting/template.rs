//! Texts by a template: dates, times, amounts, postcodes, meter readings.

use super::{HandwritingError, check_text};
use crate::seed::Purpose;
use crate::seed::chance::Chance;
use std::fmt;
use std::str::FromStr;

/// The first and the last year of a date.
const YEARS: [u32; 2] = [1950, 2049];
/// Fields of dates and times, and what they stand for.
const FIELDS: &str =
    "%d day, %m month, %Y year, %y its last two digits, %j day of the year, %H hour, %M minute, %S second";

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Of a date and a time of day.
    Moment,
    /// Of digits, each as likely as the other.
    Digits,
    /// Of an amount of money: some digits may be missing in front.
    Amount,
    /// Of a counter: zeros stand in front.
    Meter,
}

/// The kinds by name, each with what is written where nothing follows the colon.
const KINDS: [(&str, Kind, &str); 6] = [
    ("date", Kind::Moment, "%d.%m.%Y"),
    ("time", Kind::Moment, "%H:%M"),
    ("amount", Kind::Amount, "#.###,##"),
    ("postcode", Kind::Digits, "#####"),
    ("meter", Kind::Meter, "######"),
    ("pattern", Kind::Digits, ""),
];

/// A template for what a line says: `date:%d.%m.%Y`, `time:%H:%M`, `amount:#.###,##`, `postcode:#####`, `meter:######` or
/// `pattern:##-##`.
///
/// ```
/// use digitgan::handwriting::Template;
///
/// let template: Template = "pattern:(0##) ##-##".parse()?;
/// let text = template.text(7, 0);
/// assert!(text.starts_with("(0") && text.len() == 11);
/// assert!("date:%d.%q".parse::<Template>().is_err());
/// # Ok::<(), digitgan::handwriting::HandwritingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    kind: Kind,
    pattern: String,
}

impl FromStr for Template {
    type Err = HandwritingError;

    fn from_str(source: &str) -> Result<Self, HandwritingError> {
        let refused =
            |reason: String| HandwritingError::Template { template: source.chars().take(60).collect(), reason };
        let (name, pattern) = source.split_once(':').unwrap_or((source, ""));
        let Some(&(_, kind, usual)) = KINDS.iter().find(|(known, _, _)| *known == name) else {
            let names: Vec<&str> = KINDS.iter().map(|(name, _, _)| *name).collect();
            return Err(refused(format!("begins with none of {}, each with a colon behind it", names.join(", "))));
        };
        let pattern = if pattern.is_empty() { usual } else { pattern };
        let template = Template { source: source.to_owned(), kind, pattern: pattern.to_owned() };
        if !template.has_fields(refused)? {
            let fields = if kind == Kind::Moment { FIELDS } else { "#, which stands for a digit" };
            return Err(refused(format!("has no field: there is {fields}")));
        }
        // What stands between fields is the same in every text.
        check_text(&template.text(0, 0)).map_err(|error| refused(format!("makes no line: {error}")))?;
        Ok(template)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Template {
    /// Whether there are any; fields that there are not are errors.
    fn has_fields(&self, refused: impl Fn(String) -> HandwritingError) -> Result<bool, HandwritingError> {
        if self.kind != Kind::Moment {
            if self.pattern.contains('%') {
                return Err(refused(
                    "has a field with %, which is for date: and time:; # stands for a digit".to_owned(),
                ));
            }
            return Ok(self.pattern.contains('#'));
        }
        let mut letters = self.pattern.chars();
        let mut any = false;
        while let Some(letter) = letters.next() {
            if letter == '#' {
                return Err(refused(format!("has a #, which is for other templates: there is {FIELDS}")));
            }
            if letter == '%' {
                let field = letters.next().map(String::from).unwrap_or_default();
                if field.is_empty() || !"dmYyjHMS".contains(&field) {
                    return Err(refused(format!("has the field %{field}, which there is not: there is {FIELDS}")));
                }
                any = true;
            }
        }
        Ok(any)
    }

    /// What line `line` says under `seed`.
    pub fn text(&self, seed: u64, line: u64) -> String {
        let mut chance = Chance::new(seed, Purpose::LineText, line);
        match self.kind {
            Kind::Moment => Moment::new(&mut chance).written(&self.pattern),
            Kind::Digits => self.pattern.chars().map(|c| if c == '#' { digit(&mut chance, 0) } else { c }).collect(),
            Kind::Amount => self.amount(&mut chance),
            Kind::Meter => self.meter(&mut chance),
        }
    }

    /// Digits before the last mark may be missing, with the marks among them.
    fn amount(&self, chance: &mut Chance) -> String {
        let whole = self.pattern.rfind([',', '.']).unwrap_or(self.pattern.len());
        let places: Vec<usize> = self.pattern.match_indices('#').map(|(at, _)| at).filter(|&at| at < whole).collect();
        let first = match places.len() {
            0 => 0,
            count => places[chance.below(count)],
        };
        let leads = places.last().is_some_and(|&last| first < last);
        // What stands before the first place, such as a bracket, stays.
        let head = &self.pattern[..places.first().copied().unwrap_or(0)];
        let body = self.pattern[first..].chars().enumerate().map(|(at, c)| match c {
            '#' => digit(chance, u32::from(at == 0 && leads)),
            mark => mark,
        });
        head.chars().chain(body.collect::<Vec<_>>()).collect()
    }

    /// Zeros before a number of any length.
    fn meter(&self, chance: &mut Chance) -> String {
        let places = self.pattern.matches('#').count() as u32;
        let zeros = chance.below(places.max(1) as usize) as u32;
        let mut seen = 0;
        let letter = |c: char| match c {
            '#' => {
                seen += 1;
                if seen <= zeros { '0' } else { digit(chance, u32::from(seen == zeros + 1)) }
            }
            mark => mark,
        };
        self.pattern.chars().map(letter).collect()
    }
}

/// A digit that is at least so high.
fn digit(chance: &mut Chance, least: u32) -> char {
    char::from(b'0' + (least + chance.below((10 - least) as usize) as u32) as u8)
}

/// A date and a time of day.
struct Moment {
    year: u32,
    month: u32,
    day: u32,
    day_of_year: u32,
    second_of_day: u32,
}

impl Moment {
    fn new(chance: &mut Chance) -> Moment {
        let year = YEARS[0] + chance.below((YEARS[1] - YEARS[0] + 1) as usize) as u32;
        let day_of_year = 1 + chance.below(if is_leap(year) { 366 } else { 365 }) as u32;
        let (month, day) = month_and_day(year, day_of_year);
        Moment { year, month, day, day_of_year, second_of_day: chance.below(86_400) as u32 }
    }

    fn written(&self, pattern: &str) -> String {
        let mut letters = pattern.chars();
        let mut text = String::new();
        while let Some(letter) = letters.next() {
            let second = self.second_of_day;
            let field = if letter == '%' { letters.next() } else { None };
            text += &match field {
                Some('d') => format!("{:02}", self.day),
                Some('m') => format!("{:02}", self.month),
                Some('Y') => format!("{:04}", self.year),
                Some('y') => format!("{:02}", self.year % 100),
                Some('j') => format!("{:03}", self.day_of_year),
                Some('H') => format!("{:02}", second / 3600),
                Some('M') => format!("{:02}", second / 60 % 60),
                Some('S') => format!("{:02}", second % 60),
                _ => letter.to_string(),
            };
        }
        text
    }
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Of a day of a year, counted from 1.
fn month_and_day(year: u32, day_of_year: u32) -> (u32, u32) {
    let february = if is_leap(year) { 29 } else { 28 };
    let mut day = day_of_year;
    for (month, days) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if day <= days {
            return (month, day);
        }
        day -= days;
    }
    (12, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_months() {
        for (year, day, expected) in [
            (2026, 1, (1, 1)),
            (2026, 59, (2, 28)),
            (2026, 60, (3, 1)),
            (2024, 60, (2, 29)),
            (2024, 366, (12, 31)),
            (2000, 60, (2, 29)),
            (1900, 60, (3, 1)),
            (2026, 331, (11, 27)),
        ] {
            assert_eq!(month_and_day(year, day), expected, "day {day} of {year}");
        }
    }

    #[test]
    fn texts_are_of_the_kind_that_was_asked_for() {
        let number = |text: &str| text.parse::<u32>().unwrap();
        for (template, fits) in [
            (
                "date:%d.%m.%Y",
                &(|text: &str| {
                    let parts: Vec<u32> = text.split('.').map(number).collect();
                    let days = [31, if is_leap(parts[2]) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
                    text.len() == 10
                        && (1950..2050).contains(&parts[2])
                        && (1..=days[parts[1] as usize - 1]).contains(&parts[0])
                }) as &dyn Fn(&str) -> bool,
            ),
            ("date:%y-%j", &|text| text.len() == 6 && (1..=366).contains(&number(&text[3..]))),
            ("time:", &|text| number(&text[..2]) < 24 && number(&text[3..]) < 60 && &text[2..3] == ":"),
            ("time:%H:%M:%S", &|text| text.len() == 8 && number(&text[6..]) < 60),
            ("amount:#.###,##", &|text| {
                let whole = &text[..text.len() - 3];
                text.as_bytes()[text.len() - 3] == b',' && (whole.len() == 1 || !whole.starts_with(['0', '.']))
            }),
            ("postcode", &|text| text.len() == 5 && number(text) < 100_000),
            ("meter:#####,#", &|text| text.len() == 7 && &text[5..6] == ","),
            ("pattern:##-## (#)", &|text| text.len() == 9 && &text[2..3] == "-" && text.ends_with(')')),
        ] {
            let parsed: Template = template.parse().unwrap();
            let texts: Vec<String> = (0..500).map(|line| parsed.text(1, line)).collect();
            for text in &texts {
                assert!(fits(text) && check_text(text).is_ok(), "{template}: {text}");
            }
            assert!(texts.windows(2).any(|two| two[0] != two[1]), "{template}");
            assert_eq!(parsed.text(1, 7), texts[7]);
        }
    }

    #[test]
    fn what_is_no_template_is_named() {
        for (template, says) in [
            ("datum:%d", "begins with none of date, time, amount, postcode, meter, pattern"),
            ("date:%d.%q", "has the field %q, which there is not: there is %d day, %m month"),
            ("date:%d.%", "has the field %, which there is not"),
            ("time:##", "has a #, which is for other templates"),
            ("pattern:%d", "has a field with %"),
            ("pattern:", "has no field: there is #"),
            ("date:2026", "has no field: there is %d day"),
            ("date:%d. März", "makes no line: 'M' (character 5 of"),
        ] {
            let error = template.parse::<Template>().unwrap_err();
            assert!(matches!(error, HandwritingError::Template { .. }) && error.to_string().contains(says), "{error}");
        }
        let long = format!("pattern:{}", "#".repeat(201));
        assert!(long.parse::<Template>().unwrap_err().to_string().contains("201 characters are too many"));
    }
}
