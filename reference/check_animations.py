#!/usr/bin/env python3
"""What `digitgan morph` writes, read by Pillow and by ffmpeg: frames, times, loops and greys.

    reference/check_animations.py DIGITGAN

DIGITGAN is the program. ffmpeg is looked for on the path; --no-ffmpeg leaves it out.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageSequence

STEPS, FRAME_MS, HOLD_MS = 5, 50, 700
FRAMES = 3 * STEPS


def morph(program: str, out: Path, *options: str) -> None:
    """Three digits and back to the first."""
    command = [program, "morph", "--digits", "386", "--steps", str(STEPS), "--frame-ms", str(FRAME_MS),
               "--hold-ms", str(HOLD_MS), "--scale", "2", "--out", str(out), *options]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def by_pillow(path: Path) -> list[bytes]:
    """The greys of every frame; checks times and loop."""
    with Image.open(path) as film:
        assert film.n_frames == FRAMES, (path, film.n_frames)
        assert film.info.get("loop") == 0, (path, film.info)
        times, greys = [], []
        for frame in ImageSequence.Iterator(film):
            greys.append(frame.convert("L").tobytes())
            times.append(round(frame.info["duration"]))
        assert times == [HOLD_MS if i % STEPS == 0 else FRAME_MS for i in range(FRAMES)], (path, times)
    return greys


def by_ffmpeg(path: Path, decoder: list[str]) -> list[bytes]:
    """The greys of every frame, as ffmpeg decodes them, each once."""
    command = ["ffmpeg", "-v", "error", *decoder, "-i", str(path), "-fps_mode", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    assert len(raw) == FRAMES * 56 * 56, (path, len(raw))
    return [raw[i * 56 * 56 : (i + 1) * 56 * 56] for i in range(FRAMES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--no-ffmpeg", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        morph(args.program, place / "frames", "--format", "frames")
        expected = [Image.open(path).tobytes() for path in sorted((place / "frames").iterdir())]
        assert len(expected) == FRAMES and len(set(expected)) == FRAMES
        for name, decoder in (("m.gif", []), ("m.apng", ["-f", "apng"])):
            morph(args.program, place / name)
            assert by_pillow(place / name) == expected, f"Pillow reads other greys from {name}"
            if not args.no_ffmpeg:
                assert by_ffmpeg(place / name, decoder) == expected, f"ffmpeg reads other greys from {name}"
    print(f"{FRAMES} frames of a GIF and an APNG: greys, times and loops as written")


if __name__ == "__main__":
    main()
