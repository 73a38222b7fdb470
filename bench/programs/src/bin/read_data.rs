//! Prints how long one reading of a data set takes, as JSON, for side-by-side comparisons (`bench/data`): `read_data PATH`.
//! `read_data PATH OUT` writes it in every format into the folder OUT instead.

use digitgan::prelude::*;
use digitgan_bench::print;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [path] => time(Path::new(path)),
        [path, out] => write_all(Path::new(path), Path::new(out)),
        _ => Err("usage: read_data PATH [OUT]".into()),
    }
}

fn read(path: &Path) -> Result<Dataset, DataError> {
    load(&DataSource::Path(path.to_owned()), &Reading::default(), path, &|_| ()).map(|loaded| loaded.dataset)
}

fn time(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let dataset = read(path)?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let identity = dataset.identity();
    print(&serde_json::json!({
        "read_ms": milliseconds, "images": identity.train_images + identity.test_images, "sha256": identity.sha256,
    }));
    Ok(())
}

fn write_all(path: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let dataset = read(path)?;
    for layout in ConvertLayout::ALL {
        let name = if layout.is_file() { "mnist.npz" } else { layout.name() };
        convert(&dataset, &out.join(name), layout, &mut |_, _| ControlFlow::Continue(()))?;
    }
    Ok(())
}
