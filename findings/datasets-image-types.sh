#!/bin/sh
# What Hugging Face's datasets makes of arrays in an Image column: 8 bits become PNG files, other types TIFF files.
#
# Guess before: arrays of 16 bits become PNG files too, which know 16 bits of grey, and real numbers are refused or made
# bytes with a warning. So a reader of such Parquet files would need PNG and JPEG alone.
# Seen on 2026-11-28 with datasets 5.2.0, Pillow 13.0.0, numpy 2.4.6, pyarrow 26.0.1:
#
#     bool     PNG   mode 1
#     uint8    PNG   mode L
#     uint16   TIFF  mode I;16
#     int32    TIFF  mode I
#     float32  TIFF  mode F
#     float64  TIFF  mode F     (its numbers are rounded to float32, without a warning)
#     float16  TypeError: data type '<f1' not understood
#
# The last one: half precision is not refused in words; the search for a smaller type that Pillow knows goes on below two
# bytes and asks NumPy for a float of one byte.
# What digitgan does about it: it reads grey TIFF files inside Parquet files.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    datasets==5.2.0 pillow==13.0.0 numpy==2.4.6 pyarrow==26.0.1
HF_HOME="$work/home" HF_HUB_OFFLINE=1 "$work/venv/bin/python" - >"$work/seen" <<'PYTHON'
import io
import warnings

import datasets
import numpy as np
from PIL import Image

warnings.simplefilter("error")
features = datasets.Features({"image": datasets.Image()})
digit = np.arange(784, dtype=np.uint8).reshape(28, 28)
for kind in ("bool", "uint8", "uint16", "int32", "float32", "float64", "float16"):
    array = digit > 99 if kind == "bool" else (digit / 255 if "float" in kind else digit).astype(kind)
    try:
        rows = datasets.Dataset.from_dict({"image": [array]}, features=features)
    except Exception as error:
        print(kind, f"{type(error).__name__}: {error}")
        continue
    stored = rows.cast_column("image", datasets.Image(decode=False))[0]["image"]["bytes"]
    image = Image.open(io.BytesIO(stored))
    print(kind, image.format, image.mode)
PYTHON
cat "$work/seen"
diff - "$work/seen" <<'SEEN'
bool PNG 1
uint8 PNG L
uint16 TIFF I;16
int32 TIFF I
float32 TIFF F
float64 TIFF F
float16 TypeError: data type '<f1' not understood
SEEN
