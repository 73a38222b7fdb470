from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal, final

from numpy import float32, uint8
from numpy.typing import ArrayLike, NDArray

from .torch import Network

__all__ = [
    "ComputeError",
    "Evaluation",
    "FileError",
    "Generator",
    "InputError",
    "__version__",
    "features",
    "frechet",
    "grid",
    "kernel",
    "load",
    "manifold",
    "run_command_line",
    "set_threads",
    "threads",
    "train",
    "write",
]

__version__: str

_Path = str | PathLike[str]

class InputError(ValueError):
    argument: str

class FileError(OSError):
    argument: str

class ComputeError(RuntimeError):
    argument: str

@final
class Generator:
    @property
    def model(self) -> Literal["gan", "cgan", "acgan"]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def data(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def card(self) -> dict[str, Any] | None: ...
    @property
    def metrics(self) -> dict[str, Any] | None: ...
    def sample(
        self,
        digits: int | str | Sequence[int] | Sequence[str] | ArrayLike | None = None,
        *,
        seed: int = 1,
        count: int = 1,
        first: int = 0,
        latents: ArrayLike | None = None,
        dtype: Literal["uint8", "float32"] = "uint8",
    ) -> NDArray[Any]: ...
    def latents(self, n: int, seed: int = 1, *, first: int = 0) -> NDArray[float32]: ...
    def png(
        self,
        digits: int | str | Sequence[int] | Sequence[str] | ArrayLike | None = None,
        *,
        count: int | None = None,
        seed: int = 1,
        scale: int = 2,
    ) -> bytes: ...
    def tensors(self) -> dict[str, NDArray[float32]]: ...
    def to_torch(self) -> Network: ...
    def save(self, path: _Path) -> None: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(bytes: bytes) -> Generator: ...
    @staticmethod
    def _restored(bytes: bytes, source: str, card: str | None, metrics: str | None) -> Generator: ...
    def _repr_png_(self) -> bytes: ...

@final
class Evaluation:
    def __new__(
        cls,
        against: _Path | ArrayLike | tuple[ArrayLike, ArrayLike] = "mnist",
        *,
        data_dir: _Path | None = None,
        seed: int = 1,
    ) -> Evaluation: ...
    def update(self, images: ArrayLike, labels: ArrayLike | None = None) -> None: ...
    def compute(self) -> dict[str, Any]: ...
    def reset(self) -> None: ...

def load(generator: _Path | None = None) -> Generator: ...
def grid(images: ArrayLike, columns: int = 10, scale: int = 2) -> NDArray[uint8]: ...
def write(
    text: str | Sequence[str],
    *,
    seed: int = 1,
    generator: Generator | None = None,
    style: Literal["consistent", "mixed"] = "consistent",
    height: float = 20.0,
    scale: int = 2,
    spacing: float = 1.0,
    jitter: float | dict[str, float] = 1.0,
    ink: str = "black",
    paper: str | None = "white",
    distort: str | None = None,
) -> NDArray[uint8]: ...
def features(images: ArrayLike) -> NDArray[float32]: ...
def frechet(first: ArrayLike, second: ArrayLike) -> float: ...
def kernel(
    first: ArrayLike, second: ArrayLike, *, subsets: int = 100, size: int | None = None, seed: int = 1
) -> tuple[float, float]: ...
def manifold(real: ArrayLike, generated: ArrayLike, *, nearest: int = 5) -> dict[str, float]: ...
def threads() -> int: ...
def set_threads(count: int | None) -> None: ...
def train(
    data: _Path | tuple[ArrayLike, ArrayLike],
    classes: list[str] | None,
    settings: list[tuple[str, str]],
    out: _Path | None,
    resume: bool,
    data_dir: _Path | None,
    on_event: Callable[[dict[str, Any]], object] | None,
) -> dict[str, Any]: ...
def run_command_line(arguments: Sequence[str]) -> int: ...
