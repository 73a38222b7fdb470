"""The programs that are measured: where they lie, how they are built, how one is run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
PEERS = ROOT / "bench/peers"
RUST_PEERS = TARGET / "peers"
RUST_PEER_NAMES = ("burn", "candle")
BUILD_OURS = ["cargo", "build", "--release", "--locked", "-p", "digitgan-cli", "-p", "digitgan-bench"]
# Seconds after which a run counts as failed.
PATIENCE = 1200
# glibc gives large pieces of memory back at once, and fetching them again costs a page fault for every 4 KiB. Training
# makes and drops large tensors all the time, so PyTorch is told to keep its memory (the Rust peers bring an allocator that does).
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 36), "MALLOC_TOP_PAD_": str(1 << 26)}


class Failed(Exception):
    """A program did not do what it was run for; the text says why, in one line."""


@dataclass(frozen=True)
class Process:
    """What a whole process took."""

    seconds: float
    peak_mib: float


def program(name: str) -> Path:
    """One of our programs: digitgan itself, or one of bench/programs."""
    return TARGET / "release" / name


def digitgan() -> Path:
    """What users run."""
    return program("digitgan")


def rust_peer(name: str) -> Path:
    """A program of bench/peers/rust."""
    return RUST_PEERS / "release" / name


def build(peers: list[str]) -> dict[str, str]:
    """Builds everything that is compiled, of the Rust peers these. Returns why another cannot run, by its program's name."""
    print("building (minutes, the first time) …", flush=True)
    subprocess.run(BUILD_OURS, cwd=ROOT, check=True)
    missing = {f"{name}_step": "left out" for name in RUST_PEER_NAMES if name not in peers}
    if not peers or build_rust_peers(*peers):
        return missing
    alone = {name: build_rust_peers(name) for name in peers}
    return missing | {f"{name}_step": "could not be built" for name, built in alone.items() if not built}


def build_with(feature: str | None) -> None:
    """Builds our programs with a feature of cargo, in the place of those without."""
    print(f"building with {feature or 'no feature'} (many minutes, the first time) …", flush=True)
    features = ["--features", f"digitgan-cli/{feature},digitgan-bench/{feature}"] if feature else []
    subprocess.run([*BUILD_OURS, *features], cwd=ROOT, check=True)


def build_rust_peers(*names: str) -> bool:
    """Builds these peers for exactly this processor."""
    environment = {**os.environ, "RUSTFLAGS": "-C target-cpu=native", "CARGO_TARGET_DIR": str(RUST_PEERS)}
    command = ["cargo", "build", "--release", "--locked", "--no-default-features", "--features", ",".join(names)]
    return subprocess.run(command, cwd=PEERS / "rust", env=environment).returncode == 0


def missing_modules() -> list[str]:
    """The Python packages of bench/requirements.txt that are not installed."""
    wanted = {"torch": "torch", "numpy": "numpy", "safetensors": "safetensors", "onnx": "onnx",
              "onnxruntime": "onnxruntime", "matplotlib": "matplotlib"}
    return [package for module, package in wanted.items() if importlib.util.find_spec(module) is None]


def python(script: str, *arguments: object) -> list[str]:
    """The command that runs a Python peer."""
    return [sys.executable, str(PEERS / script), *map(str, arguments)]


def run(command: list[object], environment: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    """What a program writes to standard output, started in a folder."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, env={**os.environ, **(environment or {})}, cwd=folder,
                              capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    if done.returncode != 0:
        raise Failed(last_line(done.stderr) or f"ended with {done.returncode}")
    return done.stdout


def run_json(command: list[object], environment: dict[str, str] | None = None, folder: Path = ROOT) -> dict:
    """The JSON that a program writes as its last line."""
    lines = run(command, environment, folder).strip().splitlines()
    try:
        return json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise Failed(f"{Path(str(command[0])).name} wrote no JSON") from error


def run_whole(command: list[object], environment: dict[str, str] | None = None) -> Process:
    """Time and peak memory of a process from its start to its end."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    try:
        process = subprocess.Popen(words, env={**os.environ, **(environment or {})}, cwd=ROOT,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError as error:
        raise Failed(str(error)) from error
    errors = process.stderr.read()  # until it ends: nobody else holds the pipe
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode != 0:
        raise Failed(last_line(errors.decode(errors="replace")) or f"ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return Process(seconds, usage.ru_maxrss * unit / (1 << 20))


def last_line(text: str) -> str:
    """The last line that says something: of a Python traceback, the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
