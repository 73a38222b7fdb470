#!/bin/sh
# What readers make of a grey TIFF file that names a predictor (tag 317) under a compression that has none.
#
# Guess before: a tag that Pillow is asked to write changes what it writes, or all readers pass over it, so everybody reads the
# pixels that were saved.
# Seen on 2026-11-28 with Pillow 13.0.0 (libtiff inside) and the Rust crate tiff 0.11.3:
#
#     saved                       0 10 20 30 40 50
#     Pillow, uncompressed        0 10 20 30 40 50
#     crate tiff, uncompressed    0 10 30 30 70 120
#     crate tiff, LZW             0 10 20 30 40 50
#
# Pillow writes the tag and leaves the pixels as they are; libtiff applies predictors for LZW, deflate and the like alone; the
# crate adds up each row whatever the compression. Nobody says a word, and the picture is another one.
# What digitgan does about it: such a file is refused in one line, since either reading could be meant.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$work/venv/bin/python" - "$work" <<'PYTHON' >"$work/seen"
import sys
from PIL import Image

work = sys.argv[1]
image = Image.new("L", (3, 2))
image.putdata([0, 10, 20, 30, 40, 50])
image.save(f"{work}/plain.tif", tiffinfo={317: 2})
image.save(f"{work}/lzw.tif", compression="tiff_lzw", tiffinfo={317: 2})
print("saved", *image.tobytes())
print("pillow plain", *Image.open(f"{work}/plain.tif").tobytes())
PYTHON
mkdir -p "$work/reader/src"
cat >"$work/reader/Cargo.toml" <<'TOML'
[package]
name = "reader"
version = "0.0.0"
edition = "2024"
[dependencies]
tiff = "=0.11.3"
[workspace]
TOML
cat >"$work/reader/src/main.rs" <<'RUST'
use tiff::decoder::{Decoder, DecodingResult};

fn main() {
    for path in std::env::args().skip(1) {
        let file = std::fs::File::open(&path).expect("the file is there");
        let mut decoder = Decoder::new(file).expect("a TIFF file");
        let DecodingResult::U8(pixels) = decoder.read_image().expect("pixels") else { panic!("not bytes") };
        let name = path.rsplit('/').next().unwrap_or_default();
        println!("crate {name} {}", pixels.iter().map(u8::to_string).collect::<Vec<_>>().join(" "));
    }
}
RUST
(cd "$work/reader" && cargo run --quiet --release -- "$work/plain.tif" "$work/lzw.tif") >>"$work/seen"
cat "$work/seen"
diff - "$work/seen" <<'SEEN'
saved 0 10 20 30 40 50
pillow plain 0 10 20 30 40 50
crate plain.tif 0 10 30 30 70 120
crate lzw.tif 0 10 20 30 40 50
SEEN
