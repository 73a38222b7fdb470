//! The command line of digitgan: a thin layer over the library, one file per verb.
//!
//! [`run`] is all of it; the program `digitgan` calls that, and so does the Python package.
//!
//! Results go to standard output, progress and warnings to standard error. The exit code is 0 for success,
//! 1 for an error, 2 for a usage error, 130 for what was asked to stop and kept what was done, 128 and the signal's number for
//! what a signal ended at once.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "talking to people is this crate's work")]

mod advice;
mod choices;
mod convert;
mod data;
mod dataset;
mod destination;
mod device;
mod evaluate;
mod exit;
mod explore;
#[cfg(feature = "onnx")]
mod export;
mod flags;
mod further;
mod generate;
mod generator;
mod import;
mod judge;
mod load_report;
mod measure;
mod models;
mod morph;
mod number;
mod output;
mod page;
mod place;
mod progress;
mod reproduce;
mod runs;
mod sample;
mod shards;
mod stop;
mod suggestion;
mod text;
mod threads;
mod train;
mod usage;
mod write;

use clap::{Parser, Subcommand};
use digitgan::error::ErrorKind;
use digitgan::session::SessionError;
use exit::ExitCode;
use std::ffi::OsString;
use std::io::Write;
use usage::Usage;

/// Trains GAN, conditional GAN and ACGAN generators of 28×28 handwritten digits, and draws with them.
#[derive(Parser)]
#[command(name = "digitgan", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(Box<train::Args>),
    Sample(sample::Args),
    Write(Box<write::Args>),
    Generate(generate::Args),
    Morph(morph::Args),
    Explore(explore::Args),
    #[cfg(feature = "onnx")]
    Export(export::Args),
    Import(import::Args),
    Evaluate(evaluate::Args),
    #[command(visible_alias = "report")]
    Page(page::Args),
    Reproduce(reproduce::Args),
    Data(data::Args),
    Judge(judge::Args),
    Models(models::Args),
}

/// Runs the program on its arguments, of which the first is its own name, and returns its exit code. From now on requests to stop
/// (Ctrl-C, `kill`) are the program's: once in a process.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let code = match Cli::try_parse_from(&arguments) {
        Ok(cli) => {
            answer(usage::check_texts(&arguments).and_then(|()| stop::listen()).and_then(|()| dispatch(cli.command)))
        }
        Err(error) => refused(&usage::with_a_tip_that_helps(error)),
    };
    // Where this is no program but a library, nobody else does it at the end.
    let _ = std::io::stdout().flush();
    code.number()
}

/// The exit code of what came of a verb, whose error is said.
fn answer(result: anyhow::Result<ExitCode>) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    // A reader that has seen enough (`| head`) is no error.
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    output::error(&error);
    ExitCode::from(if is_usage(&error) { 2 } else { 1 })
}

/// The exit code of what clap answers itself: help, the version, a mistake in the call.
fn refused(answer: &clap::Error) -> ExitCode {
    // Nobody is there to be told that nobody is there.
    let _ = answer.print();
    ExitCode::from(if answer.use_stderr() { 2 } else { 0 })
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Train(args) => train::run(*args),
        Command::Sample(args) => sample::run(args),
        Command::Write(args) => write::run(*args),
        Command::Generate(args) => generate::run(args),
        Command::Morph(args) => morph::run(args),
        Command::Explore(args) => explore::run(args),
        #[cfg(feature = "onnx")]
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Page(args) => page::run(args),
        Command::Reproduce(args) => reproduce::run(args),
        Command::Data(args) => data::run(args),
        Command::Judge(args) => judge::run(args),
        Command::Models(args) => models::run(args),
    }
}

/// Whether the mistake is in the call itself.
fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<Usage>()
            || destination::is_misnamed(cause)
            || flags::config_error(cause).is_some_and(|error| error.kind() == ErrorKind::Setting)
            || cause.downcast_ref::<SessionError>().is_some_and(|error| error.kind() == ErrorKind::Setting)
    })
}
