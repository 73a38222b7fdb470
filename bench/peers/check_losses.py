"""Holds the losses of the Rust peers against the fixtures of reference/: do they compute the step that they are timed for?

    bench/peers/check_losses.py FOLDER     # the folder of the built burn_step and candle_step

Six steps of each model from hashed weights and data (reference/README.md). Needs the standard library alone.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "reference/fixtures"
PEERS = ("burn_step", "candle_step")
VARIANTS = ("gan", "cgan", "acgan")
# Largest difference to a loss, relative, of the first step and of the first six. Later, two correct runs may part: where a
# gradient is about zero, its rounding decides what Adam does (reference/README.md).
FIRST_STEP, SIX_STEPS = 1e-6, 1e-4


def fixture(variant: str) -> tuple[dict[str, str], list[tuple[float, float]]]:
    """Its facts, and the losses of D and G."""
    raw = (FIXTURES / f"{variant}.safetensors").read_bytes()
    body = 8 + struct.unpack_from("<Q", raw)[0]
    header = json.loads(raw[8:body])

    def losses(name: str) -> tuple[float, ...]:
        entry = header[f"losses.{name}"]
        return struct.unpack_from(f"<{entry['shape'][0]}d", raw, body + entry["data_offsets"][0])

    return header["__metadata__"], list(zip(losses("d_loss"), losses("g_loss")))


def largest_difference(found: list[list[float]], expected: list[tuple[float, float]]) -> float:
    pairs = zip((loss for step in found for loss in step), (loss for step in expected for loss in step))
    return max(abs(loss / right - 1) for loss, right in pairs)


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wrong = False
    for peer in PEERS:
        for variant in VARIANTS:
            facts, expected = fixture(variant)
            command = [str(Path(sys.argv[1]) / peer), variant, facts["batch"], "1", "1", facts["input_prefix"]]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(output)["first_losses"]
            first, six = (largest_difference(found[:count], expected) for count in (1, 6))
            fits = first <= FIRST_STEP and six <= SIX_STEPS
            wrong |= not fits
            print(f"{peer:12} {variant:6} first step {first:.1e}, six steps {six:.1e}: {'ok' if fits else 'WRONG'}")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
