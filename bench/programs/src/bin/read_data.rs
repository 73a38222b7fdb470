//! Prints how long one reading of a data set takes, as JSON, for side-by-side comparisons (`bench/data`): `read_data PATH`.

use digitgan::prelude::*;
use digitgan_bench::print;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [path] => time(Path::new(path)),
        _ => Err("usage: read_data PATH".into()),
    }
}

fn time(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let source = DataSource::Path(path.to_owned());
    let dataset = load(&source, &Reading::default(), path, &|_| ())?.dataset;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let identity = dataset.identity();
    print(&serde_json::json!({
        "read_ms": milliseconds, "images": identity.train_images + identity.test_images, "sha256": identity.sha256,
    }));
    Ok(())
}
