//! `digitgan import`

use crate::destination::Destination;
use crate::exit::ExitCode;
use crate::{output, text};
use digitgan::files::output::FileKind;
use digitgan::weights::{GeneratorFile, Imported};
use serde_json::json;
use std::path::PathBuf;

/// Take a generator from a file of PyTorch's: safetensors, or what torch.save wrote of a state dict
///
/// Its pickle is read and not run. Floats may have 16, 32 or 64 bits. Where names differ, tensors are found by a prefix of them all, or by
/// shapes and the last parts of names where only one fits; what was called how is printed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan import G.pt                                     into generator.safetensors
  digitgan import checkpoint.pt --prefix ema. --out g.safetensors
  digitgan sample generator.safetensors                    draws with it, as any verb that takes a generator")]
pub(crate) struct Args {
    /// The file: safetensors, .pt or .pth
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Look only at tensors whose names begin so
    #[arg(long, value_name = "TEXT", value_parser = text::any())]
    prefix: Option<String>,
    /// The generator's file; -: standard output
    #[arg(long, value_name = "FILE.safetensors", default_value = "generator.safetensors")]
    out: Destination,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    args.out.check_in_new_folder(FileKind::Safetensors, args.json)?;
    args.out.refuse_other_weights("a generator's", |path| GeneratorFile::read(path).is_ok())?;
    let Imported { generator, names } = GeneratorFile::import_file(&args.file, args.prefix.as_deref())?;
    args.out.make_folder()?;
    args.out.write(FileKind::Safetensors, &generator.to_bytes())?;
    let spec = generator.spec;
    if args.json {
        output::json(&json!({
            "out": args.out, "model": spec.variant, "classes": spec.classes, "names": names,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let model = format!("{}, {} classes", spec.variant.title(), spec.classes);
    args.out.facts("generator", &[("model", model)])?;
    for (own, theirs) in names.iter().filter(|(own, theirs)| own != theirs) {
        output::note(&format!("{own} was {theirs}"));
    }
    Ok(ExitCode::SUCCESS)
}
