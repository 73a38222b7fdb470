"""On what, with what and when was measured."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from .programs import PEERS, ROOT

INSTRUCTION_SETS = ("avx2", "fma", "avx512f", "avx512bw", "avx512_bf16", "amx_tile", "asimd")
# A load from which on others take time from what is measured.
BUSY_LOAD = 0.5
PACKAGES = ("torch", "onnxruntime", "numpy")
CRATES = ("burn", "candle-core")


def describe() -> dict[str, object]:
    """The machine, the versions, the date."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu_facts(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_at_start": os.getloadavg()[0],
        "versions": versions(),
    }


def cpu_facts() -> dict[str, object]:
    """Model, processors and the instruction sets that matter here."""
    info = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    for line in info.read_text().splitlines() if info.exists() else []:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    return {
        "model": fields.get("model name") or platform.processor() or platform.machine(),
        "family": f"family {fields['cpu family']}, model {fields['model']}" if "cpu family" in fields else "",
        "processors": os.cpu_count(),
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
    }


def has_avx512() -> bool:
    """Whether AVX2 would be a choice, and not the best there is."""
    return "avx512f" in cpu_facts()["instruction_sets"]


def has_bf16() -> bool:
    """Whether there is an instruction for products in bfloat16."""
    return "avx512_bf16" in cpu_facts()["instruction_sets"]


def versions() -> dict[str, str]:
    """Of everything that competes."""
    found = {"digitgan": commit(), "rustc": output("rustc", "--version").removeprefix("rustc "), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "missing"
    lock = (PEERS / "rust/Cargo.lock").read_text()
    for crate in CRATES:
        _, _, rest = lock.partition(f'name = "{crate}"\nversion = "')
        found[crate] = rest.partition('"')[0] or "missing"
    return found


def commit() -> str:
    """The commit, marked where the working tree differs from it."""
    return output("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10") or "unknown"


def output(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
