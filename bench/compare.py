"""This engine and PyTorch side by side: training steps in turn, in one run, on one machine.

    cargo build --release --example step_time
    python bench/compare.py [--variants acgan,cgan,gan] [--batch 64] [--threads 2] [--rounds 5]

Machines are noisy, so each round times one after the other, and the ratio of a round is what counts:
printed are medians over the rounds. PyTorch runs with the settings that were fastest (see peers/pytorch.py).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PYTORCH_SETTINGS = {
    "eager": ["--mode", "eager", "--channels-last", "--linear"],
    "compile": ["--mode", "compile"],
}


def run(command: list[str]) -> float:
    """Milliseconds a step, the median that the program prints as JSON on its last line."""
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(json.loads(output.strip().splitlines()[-1])["median_step_ms"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", default="acgan,cgan,gan")
    parser.add_argument("--modes", default="eager", help="eager, compile or both, with a comma")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=60)
    args = parser.parse_args()
    common = ["--batch", str(args.batch), "--threads", str(args.threads), "--steps", str(args.steps), "--json"]
    print(f"batch {args.batch}, {args.threads} threads, median of {args.rounds} rounds of {args.steps} steps each")
    print("| model | PyTorch | PyTorch, ms/step | digitgan, ms/step | ratio, median (lowest to highest) |")
    print("| --- | --- | --- | --- | --- |")
    for variant in args.variants.split(","):
        for mode in args.modes.split(","):
            pairs = []
            for _ in range(args.rounds):
                ours = run([str(TARGET / "release/examples/step_time"), variant, str(args.batch), str(args.threads), str(args.steps)])
                theirs = run([sys.executable, str(ROOT / "bench/peers/pytorch.py"), "--variant", variant, *common, *PYTORCH_SETTINGS[mode]])
                pairs.append((ours, theirs))
            ratios = sorted(theirs / ours for ours, theirs in pairs)
            ours, theirs = (statistics.median(side) for side in zip(*pairs))
            print(f"| {variant} | {mode} | {theirs:.1f} | {ours:.1f} | "
                  f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) |", flush=True)


if __name__ == "__main__":
    main()
