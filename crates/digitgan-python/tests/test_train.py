"""Training: the command line's generator, events, Ctrl-C, and going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import command_line

import digitgan

SMALL = {"model": "cgan", "batch_size": 20, "progress": False}


@pytest.fixture(scope="module")
def data(acgan) -> tuple[np.ndarray, np.ndarray]:
    return acgan.sample(count=20), np.arange(200) % 10


def test_the_same_generator_as_the_command_line(tmp_path):
    ours = digitgan.train("strokes", out=tmp_path / "a", max_steps=4, recipe="paper", d_leak=0.1, augment=["affine"], **SMALL)
    done = command_line(
        *("train", "cgan", "--data", "strokes", "--out", "b", "--max-steps", "4", "--recipe", "paper"),
        *("--d-leak", "0.1", "--augment", "affine", "--batch-size", "20"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a/generator.safetensors").read_bytes() == (tmp_path / "b/generator.safetensors").read_bytes()
    assert ours.path == tmp_path / "a" and (ours.outcome, ours.steps, ours.total_steps) == ("finished", 4, 4)
    assert ours.generator.source == str(tmp_path / "a")
    in_memory = digitgan.train("strokes", max_steps=4, recipe="paper", d_leak=0.1, augment="affine", **SMALL)
    np.testing.assert_array_equal(in_memory.generator.sample(), ours.generator.sample())
    assert in_memory.path is None
    np.testing.assert_array_equal(digitgan.load(tmp_path / "a").sample(), ours.generator.sample())
    assert ours._repr_png_() == ours.generator.png() and "losses" not in repr(ours)


def test_events_come_in_their_order_and_losses_are_kept(data):
    seen = []
    run = digitgan.train(data, epochs=2, on_event=seen.append, **SMALL)
    kinds = [event["event"] for event in seen]
    assert kinds == (["begun"] + ["step"] * 10 + ["epoch", "checkpoint"]) + (["step"] * 10 + ["epoch", "checkpoint", "ended"])
    assert [event["step"] for event in seen if event["event"] == "step"] == list(range(1, 21))
    assert seen[0]["total_steps"] == 20 and seen[-1]["outcome"] == "finished"
    epoch = seen[11]
    assert epoch["grid"].shape == (100, 28, 28) and epoch["columns"] == 10 and epoch["epoch"] == 1
    assert epoch["generator"].sample(3).shape == (1, 28, 28)
    assert set(run.losses) == {"step", "epoch", "d_loss", "g_loss", "d_real", "d_fake", "d_fake_after"}
    np.testing.assert_array_equal(run.losses["step"], np.arange(1, 21))
    losses = [event["d_loss"] for event in seen if event["event"] == "step"]
    np.testing.assert_allclose(run.losses["d_loss"], losses)


def test_what_listens_may_compute(data):
    """On one thread, too: a training has threads of its own."""
    digitgan.set_threads(1)
    try:
        drawn = []
        digitgan.train(data, max_steps=3, on_event=lambda event: drawn.append(digitgan.load("cgan").sample(1)), **SMALL)
        assert len(drawn) == 6
    finally:
        digitgan.set_threads(None)


def test_a_listener_ends_a_training(data, tmp_path):
    def until_five(event):
        return event["event"] != "step" or event["step"] < 5

    run = digitgan.train(data, epochs=3, out=tmp_path / "run", on_event=until_five, **SMALL)
    assert (run.outcome, run.steps, run.total_steps) == ("stopped", 5, 30)

    def fail(event):
        if event.get("step") == 8:
            raise RuntimeError("as it happens")

    with pytest.raises(RuntimeError, match="as it happens"):
        digitgan.train(data, epochs=3, out=tmp_path / "run", resume=True, on_event=fail, **SMALL)
    assert digitgan.load(tmp_path / "run").steps == 8
    whole = digitgan.train(data, epochs=3, **SMALL)
    rest = digitgan.train(data, epochs=3, out=tmp_path / "run", resume=True, **SMALL)
    assert rest.steps == 30 and rest.losses["step"][0] == 9, rest.losses["step"]
    np.testing.assert_array_equal(rest.generator.sample(), whole.generator.sample())


@pytest.mark.parametrize("kept", [False, True])
def test_ctrl_c_ends_a_training_after_its_step_and_saves(data, tmp_path, kept):
    out = tmp_path / "run" if kept else None
    asked = []

    def interrupt() -> None:
        time.sleep(0.5)
        asked.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(digitgan.Interrupted) as caught:
        digitgan.train(data, epochs=2_000, out=out, **SMALL)
    assert time.perf_counter() - asked[0] < 2
    run = caught.value.run
    assert isinstance(caught.value, KeyboardInterrupt)
    assert 0 < run.steps < run.total_steps and run.generator.steps == run.steps
    assert str(caught.value).startswith(f"stopped after step {run.steps} of {run.total_steps}")
    if kept:
        assert digitgan.load(out).steps == run.steps
        again = digitgan.train(data, epochs=2_000, out=out, resume=True, on_event=lambda event: False, **SMALL)
        assert again.losses["step"][:1].tolist() in ([], [run.steps + 1])


def test_progress_is_shown_by_tqdm_where_it_is(data, tmp_path):
    code = """
import sys, types
class Bar:
    def __init__(self, **options): self.n = options["initial"]; print("bar", options["total"], options["desc"], options["unit"])
    def update(self, more): self.n += more
    def set_postfix(self, **what): pass
    def close(self): print("at", self.n)
if sys.argv[1] == "with":
    package, auto = types.ModuleType("tqdm"), types.ModuleType("tqdm.auto")
    auto.tqdm = Bar
    sys.modules |= {"tqdm": package, "tqdm.auto": auto}
else:
    sys.modules["tqdm"] = None
import digitgan, numpy
data = (digitgan.load().sample(count=10), numpy.arange(100) % 10)
run = digitgan.train(data, model="gan", batch_size=20, max_steps=4)
print(run.outcome)
"""
    for how, expected in [("with", "bar 4 gan on arrays step\nat 4\nfinished\n"), ("without", "finished\n")]:
        done = subprocess.run([sys.executable, "-c", code, how], capture_output=True, text=True, timeout=60)
        assert (done.stdout, done.stderr) == (expected, ""), how


def test_data_in_many_forms(data, acgan):
    images, labels = data
    expected = digitgan.train(data, max_steps=2, **SMALL).generator
    assert expected.classes == tuple("0123456789") and expected.data == "arrays"
    for other in [(images, labels.tolist()), (images.copy(order="F"), labels.astype(np.uint8))]:
        np.testing.assert_array_equal(digitgan.train(other, max_steps=2, **SMALL).generator.sample(), expected.sample())
    names = ["even", "odd"]
    own = digitgan.train((images, [names[label % 2] for label in labels]), classes=names, max_steps=2, **SMALL).generator
    assert own.classes == ("even", "odd") and own.sample("odd").shape == (1, 28, 28)
    assert len(digitgan.train((images, labels + 5), max_steps=1, **SMALL).generator.classes) == 15


def test_a_run_that_was_evaluated_has_its_metrics(data, acgan, tmp_path):
    digitgan.train(data, max_steps=2, out=tmp_path / "run", **SMALL)
    assert digitgan.load(tmp_path / "run").metrics is None
    for step, known in [(2, True), (3, False)]:
        metrics = {**acgan.metrics, "step": step}
        (tmp_path / "run/evaluation.json").write_text(json.dumps(metrics))
        assert digitgan.load(tmp_path / "run").metrics == (metrics if known else None)


def test_what_cannot_be_trained_by_is_told(data, tmp_path):
    images, labels = data
    value, file = digitgan.InputError, digitgan.FileError
    (tmp_path / "used").mkdir()
    (tmp_path / "used/notes.txt").write_text("mine")
    for call, kind, argument, text in [
        (lambda: digitgan.train(images), TypeError, "", "data: type ndarray, expected a name, a path or a tuple (images, labels)"),
        (lambda: digitgan.train((images, labels[1:])), value, "data", "data: 200 images and 199 labels"),
        (lambda: digitgan.train((images / 255, labels)), TypeError, "", "data: float64 numbers, expected uint8"),
        (lambda: digitgan.train((images, labels + 95)), value, "data", "data: class 100 (number 5,"),
        (lambda: digitgan.train((images, labels), classes=["a", "b"]), value, "data", "data: class 2 (number 2,"),
        (lambda: digitgan.train((images[:0], labels[:0])), value, "data", "data: training images: 0 are too few"),
        (lambda: digitgan.train(tmp_path / "nowhere"), file, "data", "data: "),
        (lambda: digitgan.train(data, lr=-1), value, "lr", "lr is -1, but must be a positive number"),
        (lambda: digitgan.train(data, lr_d="x"), value, "lr_d", 'lr_d cannot be "x"'),
        (lambda: digitgan.train(data, model="vae"), value, "model", 'model cannot be "vae"'),
        (lambda: digitgan.train(data, batch_size=300), value, "batch_size", "batch_size is 300, but the training set arrays has only 200"),
        (lambda: digitgan.train(data, recipe="old"), value, "recipe", 'recipe cannot be "old"'),
        (lambda: digitgan.train(data, lrate=1), TypeError, "", "train() got an unexpected keyword argument 'lrate'"),
        (lambda: digitgan.train(data, name="x"), TypeError, "", "train() got an unexpected keyword argument 'name'"),
        (lambda: digitgan.train(data, out=tmp_path / "used"), file, "out", "out: "),
        (lambda: digitgan.train(data, resume=True), value, "resume", "resume: there is no run to go on with"),
    ]:
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value).startswith(text), str(caught.value)
        assert "\n" not in str(caught.value)
        if kind is not TypeError:
            assert caught.value.argument == argument, str(caught.value)
    assert list((tmp_path / "used").iterdir()) == [tmp_path / "used/notes.txt"]


def test_a_run_goes_on_with_its_own_data_and_settings_alone(data, tmp_path):
    images, labels = data
    digitgan.train(data, max_steps=2, out=tmp_path / "run", **SMALL)
    with pytest.raises(digitgan.InputError, match="^out: "):
        digitgan.train(data, max_steps=2, lr=0.5, out=tmp_path / "run", resume=True, **SMALL)
    with pytest.raises(digitgan.InputError, match="^out: the data set arrays is not the one"):
        digitgan.train((images[::-1], labels), max_steps=2, out=tmp_path / "run", resume=True, **SMALL)
    with pytest.raises(digitgan.FileError, match="^out: .* is a run already"):
        digitgan.train(data, max_steps=2, out=tmp_path / "run", **SMALL)
    # Where there is none yet, it begins.
    assert digitgan.train(data, max_steps=2, out=tmp_path / "new", resume=True, **SMALL).steps == 2
    assert Path(tmp_path / "new/run.toml").exists()
