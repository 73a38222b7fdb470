//! Progress: bars in a terminal, plain lines elsewhere.

use crate::output;
use digitgan::engine::StepReport;
use digitgan::train::Training;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two plain lines within an epoch.
const PLAIN_INTERVAL: Duration = Duration::from_secs(20);
/// Between two updates of the numbers in the bar.
const BAR_INTERVAL: Duration = Duration::from_millis(150);

/// Whether bars can be seen.
pub(crate) fn visible() -> bool {
    std::io::stderr().is_terminal() && !output::is_dumb()
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸ ")
}

/// How far some work is: a bar, or where nobody sees bars a line now and then. It is gone when this is dropped.
pub(crate) struct Transfer {
    name: String,
    bar: Option<ProgressBar>,
    done: u64,
    total: Option<u64>,
    bytes: bool,
    started: Instant,
    next_line: Duration,
}

impl Transfer {
    /// Work of this name, on so many things, or bytes.
    pub(crate) fn new(name: &str, total: Option<u64>, bytes: bool) -> Transfer {
        let bar = visible().then(|| Self::bar(name, total, bytes));
        Transfer {
            name: name.to_owned(),
            bar,
            done: 0,
            total,
            bytes,
            started: Instant::now(),
            next_line: PLAIN_INTERVAL,
        }
    }

    fn bar(name: &str, total: Option<u64>, bytes: bool) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style(match bytes {
            true => "{msg} {bar:30.cyan} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} left",
            false => "{msg} {bar:30.cyan} {human_pos}/{human_len} {eta} left",
        }));
        bar.set_message(name.to_owned());
        bar
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Shows that so much is done; less than before is no news.
    pub(crate) fn advance(&mut self, done: u64) {
        self.done = self.done.max(done);
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
            return;
        }
        let elapsed = self.started.elapsed();
        if elapsed >= self.next_line {
            output::note(&self.line(elapsed));
            self.next_line = elapsed + PLAIN_INTERVAL;
        }
    }

    /// A line in place of the bar.
    fn line(&self, elapsed: Duration) -> String {
        let Transfer { name, done, total, .. } = self;
        let count = |count| if self.bytes { HumanBytes(count).to_string() } else { output::thousands(count) };
        match total {
            Some(total) => {
                let left = elapsed.mul_f64(total.saturating_sub(*done) as f64 / (*done).max(1) as f64);
                format!("{name}: {} of {}, {} left", count(*done), count(*total), output::duration(left))
            }
            None => format!("{name}: {}", count(*done)),
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Shows what is being done: one bar per stage, or a line where nobody sees bars.
#[derive(Default)]
pub(crate) struct StageProgress {
    current: Option<Transfer>,
}

impl StageProgress {
    pub(crate) fn show(&mut self, what: &str, done: u64, all: u64) {
        if self.current.as_ref().is_none_or(|current| current.name() != what) {
            if !visible() {
                output::note(what);
            }
            // The last stage's bar goes before the next one's comes.
            self.current = None;
        }
        self.current.get_or_insert_with(|| Transfer::new(what, Some(all), false)).advance(done);
    }

    pub(crate) fn finish(&mut self) {
        self.current = None;
    }
}

/// Shows how a drawing of many images goes on, if it takes longer than a second.
pub(crate) struct DrawingProgress {
    bar: Option<ProgressBar>,
    started: Instant,
    next_line: Duration,
    /// Images that were there before.
    first: Option<u64>,
}

impl DrawingProgress {
    const SOON: Duration = Duration::from_secs(1);

    pub(crate) fn new() -> Self {
        DrawingProgress { bar: None, started: Instant::now(), next_line: Self::SOON, first: None }
    }

    pub(crate) fn show(&mut self, done: u64, all: u64) {
        let first = *self.first.get_or_insert_with(|| {
            self.started = Instant::now();
            if done == all {
                output::note(&format!("all {} images are there already", output::thousands(all)));
            } else if done > 0 {
                let (done, all) = (output::thousands(done), output::thousands(all));
                output::note(&format!("{done} of {all} images are there already: going on"));
            }
            done
        });
        let elapsed = self.started.elapsed();
        if elapsed < Self::SOON {
            return;
        }
        let per_second = (done - first) as f64 / elapsed.as_secs_f64();
        if visible() {
            let bar = self.bar.get_or_insert_with(|| Transfer::bar("drawing", Some(all), false));
            bar.set_message(format!("drawing  {} images/s", output::thousands(per_second as u64)));
            bar.set_position(done);
        } else if elapsed >= self.next_line && done < all {
            let left = Duration::from_secs_f64((all - done) as f64 / per_second.max(1e-9));
            output::note(&format!(
                "drawn {} of {}, {} images/s, {} left",
                output::thousands(done),
                output::thousands(all),
                output::thousands(per_second as u64),
                output::duration(left)
            ));
            self.next_line = elapsed + PLAIN_INTERVAL;
        }
    }

    /// Images that were there before.
    pub(crate) fn first(&self) -> u64 {
        self.first.unwrap_or(0)
    }

    /// Clears the bar; returns the time since the start.
    pub(crate) fn finish(&self) -> Duration {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.started.elapsed()
    }
}

/// The sum of the reports since numbers were last shown.
#[derive(Clone, Copy, Default)]
struct Sums {
    steps: u32,
    d_loss: f64,
    g_loss: f64,
    d_real: f64,
    d_fake: f64,
}

impl Sums {
    fn add(&mut self, report: &StepReport) {
        self.steps += 1;
        self.d_loss += report.d_loss;
        self.g_loss += report.g_loss;
        self.d_real += f64::from(report.d_real);
        self.d_fake += f64::from(report.d_fake);
    }

    fn text(&self) -> String {
        let mean = |sum: f64| sum / f64::from(self.steps.max(1));
        format!(
            "D {:.3}  G {:.3}  D(x) {:.2}  D(G(z)) {:.2}",
            mean(self.d_loss),
            mean(self.g_loss),
            mean(self.d_real),
            mean(self.d_fake)
        )
    }
}

/// Shows how a training goes on.
pub(crate) struct TrainingProgress {
    bar: Option<ProgressBar>,
    epochs: u32,
    total_steps: u64,
    epoch_steps: u64,
    batch: usize,
    first_step: u64,
    started: Instant,
    shown: Instant,
    recent: Sums,
    epoch: Sums,
}

impl TrainingProgress {
    /// Of a training that begins or goes on.
    pub(crate) fn new(training: &Training<'_>) -> Self {
        let first_step = training.step();
        let (total_steps, epoch_steps) = (training.total_steps(), training.steps_per_epoch());
        let (epochs, batch) = (training.config().epochs, training.config().batch_size);
        let bar = visible().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total_steps), ProgressDrawTarget::stderr());
            bar.set_style(style("{prefix} {bar:24.cyan} step {human_pos}/{human_len}  {msg}  {eta} left"));
            bar.set_position(first_step);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        let (recent, epoch) = (Sums::default(), Sums::default());
        TrainingProgress {
            bar,
            epochs,
            total_steps,
            epoch_steps,
            batch,
            first_step,
            started: now,
            shown: now,
            recent,
            epoch,
        }
    }

    /// Steps that were finished before.
    pub(crate) fn first_step(&self) -> u64 {
        self.first_step
    }

    /// Images in a second, real ones, since the start.
    fn images_per_second(&self, step: u64) -> f64 {
        (step - self.first_step) as f64 * self.batch as f64 / self.started.elapsed().as_secs_f64().max(1e-9)
    }

    pub(crate) fn step(&mut self, step: u64, epoch: u32, report: &StepReport) {
        self.recent.add(report);
        self.epoch.add(report);
        let interval = if self.bar.is_some() { BAR_INTERVAL } else { PLAIN_INTERVAL };
        // The line of an epoch follows its last step.
        let said_soon = self.bar.is_none() && step.is_multiple_of(self.epoch_steps);
        if said_soon || self.shown.elapsed() < interval && step != self.total_steps {
            return;
        }
        match &self.bar {
            Some(bar) => {
                bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
                let per_second = output::thousands(self.images_per_second(step).round() as u64);
                bar.set_message(format!("{per_second} images/s  {}", self.recent.text()));
                bar.set_position(step);
            }
            None => self.line(step, epoch, &self.recent.text()),
        }
        self.shown = Instant::now();
        self.recent = Sums::default();
    }

    pub(crate) fn epoch_done(&mut self, step: u64, epoch: u32) {
        let text = format!("{}  (mean of the epoch)", self.epoch.text());
        match &self.bar {
            Some(bar) => bar.println(format!("epoch {epoch}/{}  {text}", self.epochs)),
            None => {
                self.line(step, epoch, &text);
                (self.shown, self.recent) = (Instant::now(), Sums::default());
            }
        }
        self.epoch = Sums::default();
    }

    /// Runs `say`, which writes lines, without the bar in its way.
    pub(crate) fn aside(&self, say: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    fn line(&self, step: u64, epoch: u32, text: &str) {
        let per_step = self.started.elapsed().as_secs_f64() / (step - self.first_step).max(1) as f64;
        let left = Duration::from_secs_f64(per_step * (self.total_steps - step) as f64);
        let _ = writeln!(
            std::io::stderr(),
            "epoch {epoch}/{}  step {}/{}  {} images/s  {text}  {} left",
            self.epochs,
            output::thousands(step),
            output::thousands(self.total_steps),
            output::thousands(self.images_per_second(step).round() as u64),
            output::duration(left)
        );
    }

    /// Clears the bar; returns the time since the start and the images per second.
    pub(crate) fn finish(&self, step: u64) -> (Duration, f64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        (self.started.elapsed(), self.images_per_second(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_place_of_a_bar_say_how_far_it_is() {
        let line = |total, bytes, done| {
            let mut transfer = Transfer::new("judging", total, bytes);
            transfer.done = done;
            transfer.line(Duration::from_secs(20))
        };
        assert_eq!(line(Some(5000), false, 1000), "judging: 1,000 of 5,000, 1m 20s left");
        assert_eq!(line(Some(5000), false, 5000), "judging: 5,000 of 5,000, 0.0 s left");
        assert_eq!(line(Some(4 << 20), true, 1 << 20), "judging: 1.00 MiB of 4.00 MiB, 1m 00s left");
        assert_eq!(line(None, true, 512), "judging: 512 B");
    }
}
