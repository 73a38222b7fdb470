"""Training, with progress and with what it came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _digitgan
from ._digitgan import Generator

if TYPE_CHECKING:
    from numpy import ndarray
    from numpy.typing import ArrayLike

#: What happens in a training: "event" is "begun", "step", "epoch", "collapsed", "checkpoint" or "ended"; see `train`.
Event = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """What a training came to. Notebooks show its generator's digits."""

    #: The generator as it stands.
    generator: Generator
    #: The run directory, if one was kept.
    path: Path | None
    #: "finished", "stopped" (by `on_event` or Ctrl-C) or "collapsed".
    outcome: str
    #: Steps that are done.
    steps: int
    #: Steps of the whole training.
    total_steps: int
    #: Of each step of this call: "step", "epoch", "d_loss", "g_loss", "d_real", "d_fake" and "d_fake_after", arrays [steps].
    losses: dict[str, ndarray[Any, Any]] = field(repr=False)

    def _repr_png_(self) -> bytes:
        return self.generator._repr_png_()


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a training after a step, and all is saved: `run` is what it came to."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message, run)
        self.run = run

    def __str__(self) -> str:
        return str(self.args[0])


def train(
    data: str | PathLike[str] | tuple[ArrayLike, ArrayLike] = "auto",
    *,
    model: str = "acgan",
    recipe: str = "modern",
    epochs: int | None = None,
    out: str | PathLike[str] | None = None,
    resume: bool = False,
    seed: int | None = None,
    classes: Sequence[str] | None = None,
    data_dir: str | PathLike[str] | None = None,
    on_event: Callable[[Event], object] | None = None,
    progress: bool = True,
    **settings: object,
) -> Run:
    """Trains a GAN, a conditional GAN or an ACGAN.

    The same settings and seed give the same generator as `digitgan train`, bit for bit. Ctrl-C ends the training after the step that
    is being done, saves, and raises `Interrupted`.

    Args:
        data: (images, labels), uint8 [n, 28, 28] and whole numbers [n]; or "mnist", "strokes", "auto" or a path, as
            `digitgan train --data` takes them.
        model: "gan", "cgan" or "acgan".
        recipe: "modern" or "paper": the defaults of the settings.
        epochs: passes over the images.
        out: the run directory to keep all in, new or with `resume`; None: nothing is kept but the generator.
        resume: goes on with the run in `out`, where there is one, of the same data and settings.
        seed: all that is random.
        classes: what the labels' classes are called; None: their numbers, at least those of the ten digits.
        data_dir: the folder of data sets; None: the environment's DIGITGAN_DATA_DIR, or the user's cache.
        on_event: is called with a dictionary for all that happens. "event" is "begun" (with "step", "total_steps"), "step" ("step",
            "epoch", "d_loss", "g_loss", "d_real", "d_fake"), "epoch" ("epoch", "step", "grid": uint8 [n, 28, 28], "columns",
            "generator"), "collapsed" ("step", "complaint", "back_to"), "checkpoint" ("step") or "ended" ("step", "outcome"). An
            answer of False ends the training after its step, and so does an exception, which is raised after all is saved.
        progress: shows a bar, where tqdm is installed.
        settings: the options of `digitgan train`, with underscores: batch_size, lr, max_steps, augment, ...

    Raises:
        InputError: data or settings that do not fit.
        FileError: data that cannot be had, or a directory that is in use or cannot be written.
        ComputeError: a number that is not finite.
        Interrupted: Ctrl-C.

    >>> import digitgan
    >>> images = digitgan.load("acgan").sample(count=10)
    >>> run = digitgan.train((images, list(range(10)) * 10), model="cgan", batch_size=20, max_steps=3, progress=False)
    >>> run.outcome, run.steps, run.generator.sample(3).shape
    ('finished', 3, (1, 28, 28))
    """
    said = {"model": model, "recipe": recipe, "epochs": epochs, "seed": seed, **settings}
    texts = [(name.replace("_", "-"), _text(value)) for name, value in said.items() if value is not None]
    names = None if classes is None else [str(name) for name in classes]
    bar = _Bar(f"{model} on {data if isinstance(data, (str, PathLike)) else 'arrays'}") if progress else None
    tell = on_event if bar is None or bar.tqdm is None else bar.before(on_event)
    try:
        trained = _digitgan.train(data, names, texts, out, resume, data_dir, tell)
    finally:
        if bar is not None:
            bar.close()
    raised = trained.pop("raised")
    path = trained.pop("path")
    run = Run(
        generator=trained["generator"],
        path=None if path is None else Path(path),
        outcome=trained["outcome"],
        steps=trained["step"],
        total_steps=trained["total_steps"],
        losses=trained["losses"],
    )
    if isinstance(raised, KeyboardInterrupt):
        raise Interrupted(_interrupted(run), run) from raised
    if raised is not None:
        raise raised
    return run


def _interrupted(run: Run) -> str:
    done = f"stopped after step {run.steps} of {run.total_steps}"
    if run.path is None:
        return f"{done}: the exception's `run` has the generator"
    return f"{done} and saved in {run.path}: the same call with resume=True goes on"


def _text(value: object) -> str:
    """A setting as the command line would be given it."""
    if isinstance(value, (list, tuple)):
        return ",".join(_text(one) for one in value)
    return fspath(value) if isinstance(value, PathLike) else str(value)


class _Bar:
    """A progress bar by tqdm, if that is installed."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.shown: Any = None
        self.tqdm: Any = None
        try:
            self.tqdm = import_module("tqdm.auto").tqdm
        except ImportError:
            pass

    def before(self, on_event: Callable[[Event], object] | None) -> Callable[[Event], object]:
        """A listener that shows an event, and hands it on."""

        def tell(event: Event) -> object:
            self.show(event)
            return None if on_event is None else on_event(event)

        return tell

    def show(self, event: Event) -> None:
        if event["event"] == "begun":
            self.shown = self.tqdm(total=event["total_steps"], initial=event["step"], desc=self.title, unit="step")
        elif event["event"] == "step":
            self.shown.update(event["step"] - self.shown.n)
            if event["step"] % 50 == 0:
                self.shown.set_postfix(D=f"{event['d_loss']:.3f}", G=f"{event['g_loss']:.3f}", refresh=False)

    def close(self) -> None:
        if self.shown is not None:
            self.shown.close()
