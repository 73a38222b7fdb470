//! What the peers have in common: arguments, weights, data, the clock and the result.
//!
//! Weights and data come from the hash of `reference/README.md`, so a peer's losses can be held against the
//! fixtures there (`bench/peers/check_losses.py`): proof that it computes the step that it is timed for.

pub mod hashed;

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

/// Results drop and make large buffers all the time: see Cargo.toml.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub const LATENT: usize = 100;
pub const CLASSES: usize = 10;
pub const SIDE: usize = 28;
pub const PIXELS: usize = SIDE * SIDE;
/// Features in front of D's heads: 64 channels of 7×7.
pub const FEATURES: usize = 64 * 7 * 7;
pub const CLASS_HIDDEN: usize = 128;

pub const LEARNING_RATE: f64 = 1e-3;
pub const BETA_1: f64 = 0.5;
pub const BETA_2: f64 = 0.999;
pub const ADAM_EPSILON: f64 = 1e-8;
pub const NORM_EPSILON: f64 = 1e-5;

/// Steps before the clock runs.
const WARM_UP: usize = 10;
/// For how long, at least: a processor that was idle takes a while to reach its clock.
const WARM_UP_TIME: Duration = Duration::from_secs(1);
/// Batches that are made beforehand and used in turn.
const POOL: usize = 32;
/// What both frameworks' thread pools take their size from.
const THREADS_VARIABLE: &str = "RAYON_NUM_THREADS";

pub type Failure = Box<dyn Error + Send + Sync>;

/// Where a model uses the class.
#[derive(Clone, Copy)]
pub struct Wiring {
    pub generator_sees_class: bool,
    pub discriminator_sees_class: bool,
    pub discriminator_predicts_class: bool,
}

impl Wiring {
    fn of(variant: &str) -> Result<Wiring, Failure> {
        let [generator_sees_class, discriminator_sees_class, discriminator_predicts_class] = match variant {
            "gan" => [false, false, false],
            "cgan" => [true, true, false],
            "acgan" => [true, false, true],
            other => return Err(format!("{other} is none of gan, cgan, acgan").into()),
        };
        Ok(Wiring { generator_sees_class, discriminator_sees_class, discriminator_predicts_class })
    }

    /// Numbers that G reads for an image.
    pub fn generator_inputs(self) -> usize {
        LATENT + if self.generator_sees_class { CLASSES } else { 0 }
    }

    /// Channels that D's second convolution reads.
    pub fn middle_channels(self) -> usize {
        if self.discriminator_sees_class { 64 } else { 32 }
    }
}

/// The data of a step: images `[batch, 1, 28, 28]`, noise `[batch, 100]`, classes.
pub struct Batch {
    pub images: Vec<f32>,
    pub labels: Vec<u32>,
    pub latents: Vec<f32>,
    pub fake_labels: Vec<u32>,
}

/// What D and G minimised in a step.
#[derive(Clone, Copy)]
pub struct Losses {
    pub d_loss: f32,
    pub g_loss: f32,
}

/// A framework that trains.
pub trait Peer: Sized {
    /// For people, with the version.
    const NAME: &'static str;
    /// A batch as the framework wants it.
    type Input;

    fn new(wiring: Wiring) -> Result<Self, Failure>;
    fn input(&self, batch: &Batch) -> Result<Self::Input, Failure>;
    /// `train_step` of reference/models.py.
    fn step(&mut self, input: &Self::Input) -> Result<Losses, Failure>;
}

/// The whole program: `VARIANT BATCH THREADS STEPS [INPUT_PREFIX]`, and JSON on standard output.
pub fn main<P: Peer>() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [variant, batch, threads, steps, rest @ ..] = arguments.as_slice() else {
        return Err("usage: VARIANT BATCH THREADS STEPS [INPUT_PREFIX]".into());
    };
    if std::env::var(THREADS_VARIABLE).as_ref() != Ok(threads) {
        return again_with_threads(threads, &arguments);
    }
    let (batch, steps): (usize, usize) = (batch.parse()?, steps.parse()?);
    let prefix = rest.first().map_or("", String::as_str);
    let peer = P::new(Wiring::of(variant)?)?;
    let (mut times, losses) = time_steps(peer, batch, steps, prefix)?;
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let first: Vec<[f32; 2]> = losses.iter().take(WARM_UP).map(|loss| [loss.d_loss, loss.g_loss]).collect();
    let result = serde_json::json!({
        "engine": P::NAME, "variant": variant, "batch": batch, "threads": threads.parse::<usize>()?,
        "median_step_ms": median, "fastest_step_ms": times[0], "images_per_second": batch as f64 / median * 1e3,
        "first_losses": first, "last_d_loss": losses.last().map(|loss| loss.d_loss),
    });
    println!("{result}");
    Ok(())
}

/// Runs this program again with its thread pools sized: they are made once, from the environment.
fn again_with_threads(threads: &str, arguments: &[String]) -> Result<(), Failure> {
    let status = Command::new(std::env::current_exe()?).args(arguments).env(THREADS_VARIABLE, threads).status()?;
    if status.success() { Ok(()) } else { Err(format!("the run with {threads} threads ended with {status}").into()) }
}

/// Milliseconds of each step after the warm-up, and the losses of all.
fn time_steps<P: Peer>(
    mut peer: P,
    batch: usize,
    steps: usize,
    prefix: &str,
) -> Result<(Vec<f64>, Vec<Losses>), Failure> {
    let made = POOL.min(WARM_UP + steps);
    let inputs =
        (0..made).map(|step| peer.input(&hashed::batch(prefix, step, batch))).collect::<Result<Vec<_>, _>>()?;
    let (mut times, mut losses) = (Vec::with_capacity(steps), Vec::with_capacity(WARM_UP + steps));
    let begin = Instant::now();
    while times.len() < steps {
        let step = losses.len();
        let start = Instant::now();
        let loss = peer.step(&inputs[step % made])?;
        if step >= WARM_UP && start - begin >= WARM_UP_TIME {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        if !(loss.d_loss.is_finite() && loss.g_loss.is_finite()) {
            return Err(format!("step {step}: the losses are {} and {}", loss.d_loss, loss.g_loss).into());
        }
        losses.push(loss);
    }
    Ok((times, losses))
}
