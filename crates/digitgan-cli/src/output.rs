//! Output for people and programs: colour in terminals, plain lines in pipes.

pub(crate) use crate::number::thousands;
use crate::{advice, flags};
use console::Style;
use digitgan::metrics::histogram::{ClassHistogram, Confusion};
use digitgan::picture::{TerminalStyle, preview};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Widest preview, in characters.
const PREVIEW_COLUMNS: usize = 160;

fn coloured(is_terminal: bool) -> bool {
    is_terminal && variable("NO_COLOR").is_none() && !is_dumb()
}

/// Whether a terminal, if there is one, can do no more than print lines.
pub(crate) fn is_dumb() -> bool {
    console::is_dumb() || cfg!(unix) && variable("TERM").is_none()
}

/// An environment variable; an empty one is one that is not set.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// `text` in a style, where colours can be seen.
fn painted(text: &str, style: Style, is_terminal: bool) -> String {
    style.force_styling(coloured(is_terminal)).apply_to(text).to_string()
}

/// Prints an error: one line, with its causes that say something new.
pub(crate) fn error(error: &anyhow::Error) {
    let mut line = String::new();
    for cause in error.chain() {
        let text = match flags::names_settings(cause) {
            true => flags::as_flags(&cause.to_string()),
            false => cause.to_string(),
        };
        if !line.contains(&text) {
            line += if line.is_empty() { "" } else { ": " };
            line += &text;
        }
    }
    if let Some(advice) = advice::about(error) {
        line += &format!("; {advice}");
    }
    let line = line.replace(['\n', '\r'], " ");
    let _ = writeln!(
        std::io::stderr(),
        "{} {line}",
        painted("error:", Style::new().red().bold(), std::io::stderr().is_terminal())
    );
}

/// Prints a remark that a person can act on.
pub(crate) fn note(text: &str) {
    let _ = writeln!(
        std::io::stderr(),
        "{} {text}",
        painted("note:", Style::new().cyan().bold(), std::io::stderr().is_terminal())
    );
}

/// Prints a warning that nobody can miss.
pub(crate) fn warning(lines: &[&str]) {
    let terminal = std::io::stderr().is_terminal();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 4;
    let bar = painted(&"!".repeat(width.min(100)), Style::new().yellow().bold(), terminal);
    let mut err = std::io::stderr();
    let _ = writeln!(err, "{bar}");
    for line in lines {
        let _ = writeln!(
            err,
            "{} {}",
            painted("!", Style::new().yellow().bold(), terminal),
            painted(line, Style::new().bold(), terminal)
        );
    }
    let _ = writeln!(err, "{bar}");
}

/// Prints lines of `what: text` to standard output, the texts below each other.
pub(crate) fn facts(rows: &[(&str, String)]) -> std::io::Result<()> {
    write_facts(&mut std::io::stdout().lock(), rows, std::io::stdout().is_terminal())
}

/// [`facts`] on standard error, where standard output has another task.
pub(crate) fn facts_aside(rows: &[(&str, String)]) -> std::io::Result<()> {
    write_facts(&mut std::io::stderr().lock(), rows, std::io::stderr().is_terminal())
}

fn write_facts(out: &mut dyn Write, rows: &[(&str, String)], terminal: bool) -> std::io::Result<()> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, text) in rows {
        writeln!(out, "{}  {text}", painted(&format!("{name:width$}"), Style::new().cyan(), terminal))?;
    }
    Ok(())
}

/// Prints rows below a heading, the columns below each other; all but the first are set to the right.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> std::io::Result<()> {
    let heading = heading.map(str::to_owned);
    let width = |column: usize| {
        let cells = std::iter::once(&heading).chain(rows);
        cells.map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let line = |row: &[String; N]| {
        let mut line = format!("{:width$}", row[0], width = width(0));
        for (column, cell) in row.iter().enumerate().skip(1) {
            line += &format!("  {cell:>width$}", width = width(column));
        }
        line
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", painted(&line(&heading), Style::new().cyan(), std::io::stdout().is_terminal()))?;
    rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
}

/// Prints a confusion matrix; a dot is none.
pub(crate) fn confusion(confusion: &Confusion, class_names: &[String]) -> std::io::Result<()> {
    let cells = confusion.counts().iter().flatten().map(|count| count.to_string().len());
    let width = cells.chain(class_names.iter().map(|name| name.chars().count())).max().unwrap_or(0).max(3);
    let terminal = std::io::stdout().is_terminal();
    let mut out = std::io::stdout().lock();
    let names: String = class_names.iter().map(|name| format!(" {name:>width$}")).collect();
    writeln!(out, "{}", painted(&format!("{:width$}{names}", ""), Style::new().cyan(), terminal))?;
    for (asked, (row, name)) in confusion.counts().iter().zip(class_names).enumerate() {
        write!(out, "{}", painted(&format!("{name:>width$}"), Style::new().cyan(), terminal))?;
        for (read, &count) in row.iter().enumerate() {
            let cell = if count == 0 { format!(" {:>width$}", "·") } else { format!(" {count:>width$}") };
            write!(out, "{}", if read == asked { painted(&cell, Style::new().bold(), terminal) } else { cell })?;
        }
        let share =
            confusion.class_agreement()[asked].map_or(String::new(), |share| format!("  {:.1} %", 100.0 * share));
        writeln!(out, "{share}")?;
    }
    Ok(())
}

/// Prints one bar per class.
pub(crate) fn histogram(histogram: &ClassHistogram, class_names: &[String]) -> std::io::Result<()> {
    const WIDTH: f64 = 40.0;
    let (all, most) = (histogram.total().max(1), histogram.counts.iter().copied().max().unwrap_or(1).max(1));
    let width = class_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for (name, &count) in class_names.iter().zip(&histogram.counts) {
        let bar = "▇".repeat((WIDTH * count as f64 / most as f64).round() as usize);
        writeln!(out, "{name:>width$}  {:5.2} %  {bar}", 100.0 * count as f64 / all as f64)?;
    }
    Ok(())
}

/// Prints a result as one line of JSON.
pub(crate) fn json(result: &serde_json::Value) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{result}")
}

/// Prints a heading to standard output.
pub(crate) fn heading(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{}", painted(text, Style::new().bold(), std::io::stdout().is_terminal()))
}

/// Shows digits in the terminal, or in plain characters where there is none.
///
/// `images`: `[count, 28, 28]`, of which as many whole rows of `columns` are shown as `rows` says.
pub(crate) fn show_digits(images: &[u8], columns: usize, rows: usize) -> std::io::Result<()> {
    let terminal = std::io::stdout().is_terminal();
    let style = match (coloured(terminal), std::env::var("COLORTERM").as_deref()) {
        (true, Ok("truecolor" | "24bit")) => TerminalStyle::TrueColor,
        (true, _) => TerminalStyle::Ansi256,
        (false, _) if terminal && !is_dumb() => TerminalStyle::Shades,
        (false, _) => TerminalStyle::Ascii,
    };
    let width = terminal_size::terminal_size().map_or(PREVIEW_COLUMNS, |(width, _)| usize::from(width.0));
    let shown = images.len().min(columns * rows * digitgan::IMAGE_PIXELS);
    let text = preview(&images[..shown], width.min(PREVIEW_COLUMNS), style).map_err(std::io::Error::other)?;
    std::io::stdout().write_all(text.as_bytes())
}

/// A time for people: 7.3 s, 5m 12s, 2h 03m.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_seen_where_colours_can_be() {
        let error = Style::new().red().bold();
        assert_eq!(error.clone().force_styling(true).apply_to("error:").to_string(), "\x1b[31m\x1b[1merror:\x1b[0m");
        assert_eq!(painted("error:", error, false), "error:");
    }

    #[test]
    fn numbers_and_times_for_people() {
        assert_eq!(
            [7, 999, 1000, 18_740, 1_234_567].map(thousands::<u64>),
            ["7", "999", "1,000", "18,740", "1,234,567"]
        );
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!([7, 312, 7380].map(|s| duration(Duration::from_secs(s))), ["7.0 s", "5m 12s", "2h 03m"]);
    }
}
