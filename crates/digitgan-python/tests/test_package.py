"""The package: its documentation runs, its commands answer, and importing it is cheap."""

from __future__ import annotations

import doctest
import inspect
import re
import signal
import subprocess
import sys
import sysconfig
import time
from importlib import metadata
from pathlib import Path

import pytest
from conftest import command_line

import digitgan
from digitgan import metrics

SCRIPT = Path(sysconfig.get_path("scripts")) / "digitgan"


def documented() -> dict[str, object]:
    """All that users see, by name."""
    found: dict[str, object] = {"digitgan": digitgan}
    for module in (digitgan, metrics):
        for name in module.__all__:
            if name not in ("metrics", "__version__"):
                found[f"{module.__name__}.{name}"] = getattr(module, name)
    for owner in (digitgan.Generator, digitgan.Evaluation):
        for name, member in vars(owner).items():
            if not name.startswith("_"):
                found[f"digitgan.{owner.__name__}.{name}"] = member
    try:
        import torch  # noqa: F401
    except ImportError:
        return found
    for owner in (digitgan.torch, digitgan.torch.Digits, digitgan.torch.to_module):
        found[getattr(owner, "__qualname__", owner.__name__)] = owner
    return found


def test_everything_is_documented():
    assert [name for name, thing in documented().items() if not inspect.getdoc(thing)] == []


def test_examples_run():
    runner, examples = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), 0
    for name, thing in documented().items():
        test = doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", {}, name, None, None)
        examples += bool(test.examples)
        runner.run(test)
    assert runner.failures == 0 and examples > 15


def test_the_command_line_comes_along(tmp_path):
    version = f"digitgan {digitgan.__version__}\n".encode()
    assert metadata.version("digitgan") == digitgan.__version__
    assert command_line("--version").stdout == version
    assert subprocess.run([SCRIPT, "--version"], capture_output=True, check=True).stdout == version
    for arguments, code, text in [
        (["sample", "no/such/run"], 1, b"error: no/such/run is not a digitgan run"),
        (["sample", "--count", "0"], 2, b"error: invalid value '0' for '--count <N>'"),
        (["--help"], 0, b""),
    ]:
        done = command_line(*arguments, cwd=tmp_path)
        assert done.returncode == code and done.stderr.startswith(text), done.stderr
    assert b"Usage: digitgan" in command_line("--help").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_the_command_line_hears_signals(tmp_path):
    for sent, verb, code in [
        (signal.SIGINT, ["train", "gan", "--data", "strokes", "--epochs", "500", "--out", "run"], 130),
        (signal.SIGTERM, ["generate", "--count", "10000000", "--out", "set"], 130),
        (signal.SIGTERM, ["evaluate", "acgan", "--data", "strokes"], 143),
    ]:
        process = subprocess.Popen([SCRIPT, *verb], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(3)
        process.send_signal(sent)
        _, said = process.communicate(timeout=60)
        assert process.returncode == code, said
        assert b"Traceback" not in said, said


def test_what_python_raised_before_is_not_taken_for_the_programs():
    """A pipe that is closed is no error."""
    done = subprocess.run(f"'{SCRIPT}' models acgan | head -n 1", shell=True, capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout and not done.stderr, done.stderr


def test_torch_is_imported_by_whoever_asks_for_it():
    for imports in ("import digitgan", "from digitgan import *"):
        code = f"import sys; {imports}; print(sorted({{'torch', 'numpy', 'tqdm'}} & set(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "[]\n", done
    with pytest.raises(AttributeError, match="no attribute 'tensorflow'"):
        digitgan.tensorflow


ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("page", ["README.md", "docs/python.md", "crates/digitgan-python/README.md"])
def test_what_pages_show_runs_as_it_is_printed(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python *(\w*)\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for needs, block in blocks:
        if needs:
            pytest.importorskip(needs)
        exec(compile(block, page, "exec"), names)
