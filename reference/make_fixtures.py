"""Writes fixtures/*.safetensors: what PyTorch computes, in float64, from hashed weights and inputs.

README.md beside this file states the hash, the stored names and how close float32 comes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

import hashed
from models import (
    LATENT, SIDE, VARIANTS, Design, Discriminator, Generator, Losses, adam, parameter_count, train_step,
)  # fmt: skip

FULL_LIMIT = 2048  # tensors up to this size are stored whole
SAMPLES, STRIDE = 1024, 7919
PROJECTIONS = 4
ROUNDING = 1e-7  # float32's, about: how far the weights are moved to see what rounding does
SPREAD_SEEDS = (1, 2, 3, 4)
MARGIN = 1e-3  # how far from its edge each logit has to be where the loss is a hinge
SCALARS = (
    "d_loss", "g_loss", "d_class_real", "d_class_fake", "g_class",
    "d_real_mean", "d_fake_mean_before", "d_fake_mean_after",
)  # fmt: skip

# Trainable parameters of G and D with ten classes, as the specification counts them.
EXPECTED_COUNTS = {"gan": (347_073, 36_609), "cgan": (378_433, 77_761), "acgan": (378_433, 439_435)}

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """One training fixture. Batches are deliberately no multiple of a vector's length.

    The salt chooses other inputs. It is one on whose path over all steps rounding decides nothing; see README.md.
    The fields from `leak` on are options beyond the paper.
    """

    name: str
    variant: str
    classes: int = 10
    batch: int = 12
    saturating: bool = False
    salt: int = 0
    steps: int = 10
    leak: float = 0.0
    spectral: bool = False
    projection: bool = False
    hidden: bool = False
    pack: int = 1
    hinge: bool = False
    relativistic: bool = False
    label_smoothing: float = 0.0
    fake_class_weight: float = 1.0
    d_bias_scale: float = hashed.BIAS_SCALE

    @property
    def input_prefix(self) -> str:
        """What the names of hashed inputs begin with."""
        return f"salt{self.salt}." if self.salt else ""

    @property
    def design(self) -> Design:
        """How D is built."""
        return Design(self.leak, self.spectral, self.projection, self.hidden, self.pack)

    @property
    def losses(self) -> Losses:
        """What is minimised."""
        return Losses(self.saturating, self.hinge, self.relativistic, self.label_smoothing, self.fake_class_weight)

    @property
    def facts(self) -> dict[str, str]:
        """Its fields as a fixture's header has them: what is as in the paper is said only of the first six."""
        unsaid = {field.name for field in fields(self)[6:] if getattr(self, field.name) == field.default}
        return {key: str(value).lower() for key, value in asdict(self).items() if key not in unsaid}


CASES = (
    Case("gan", "gan", batch=13, salt=220),
    Case("cgan", "cgan", batch=8, salt=362),
    Case("acgan", "acgan", batch=9, salt=98),
    Case("gan-saturating", "gan", batch=6, saturating=True, salt=262),
    Case("cgan-7", "cgan", classes=7, batch=5, salt=1149),
    Case("acgan-7", "acgan", classes=7, batch=5, salt=37),
    # Beyond the paper, one step each.
    Case(
        "cgan-projection", "cgan", batch=9, steps=1,
        leak=0.2, spectral=True, projection=True, hinge=True, d_bias_scale=-3.0,
    ),
    Case("cgan-spectral", "cgan", classes=7, batch=7, steps=1, spectral=True),
    Case("gan-pack", "gan", batch=22, steps=1, leak=0.2, pack=2, label_smoothing=0.1),
    Case("acgan-pack", "acgan", batch=10, steps=1, leak=0.2, pack=2),
    Case("cgan-pack", "cgan", classes=7, batch=15, saturating=True, steps=1, leak=0.1, pack=3, label_smoothing=0.2),
    Case("gan-hidden", "gan", batch=11, salt=2, steps=1, leak=0.2, spectral=True, hidden=True),
    Case("cgan-hidden", "cgan", batch=13, salt=8, steps=1, leak=0.2, spectral=True, projection=True, hidden=True),
    Case("acgan-hidden", "acgan", classes=7, batch=10, salt=13, steps=1, hidden=True),
    Case("gan-relativistic", "gan", batch=10, salt=1, steps=1, relativistic=True),
    Case(
        "cgan-modern", "cgan", classes=7, batch=9, salt=5, steps=1,
        leak=0.2, spectral=True, projection=True, hidden=True, relativistic=True,
    ),
    Case(
        "acgan-modern", "acgan", batch=11, salt=2, steps=1,
        leak=0.2, spectral=True, projection=True, hidden=True, relativistic=True, fake_class_weight=0.1,
    ),
)


def sketch(name: str, tensor: Tensor | np.ndarray) -> Arrays:
    """A small tensor whole; of a large one, spread samples, its L2 norm and four random projections."""
    values = np.asarray(tensor, dtype=np.float64)
    count = values.size
    if count <= FULL_LIMIT:
        return {name: values.astype(np.float32)}
    assert count % STRIDE != 0, f"{name}: samples would repeat"
    flat = values.ravel()
    signs = [hashed.signs(f"projection{k}", count) for k in range(PROJECTIONS)]
    return {
        f"{name}.samples": flat[np.arange(SAMPLES) * STRIDE % count].astype(np.float32),
        f"{name}.norm": np.array([np.linalg.norm(flat)]),
        f"{name}.projections": np.array([(s * flat).sum() for s in signs]),
    }


def fill(model: nn.Module, prefix: str, seed: int, bias_scale: float = hashed.BIAS_SCALE) -> None:
    """Gives every parameter its hashed value; BatchNorm's running statistics keep PyTorch's 0 and 1.

    A seed other than 0 then moves each parameter by about float32's rounding, at random.
    """
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for path, value in model.named_parameters():
            layer, kind = path.rsplit(".", 1)
            name, shape = f"{prefix}.{path}", tuple(value.shape)
            made = hashed.parameter(model.get_submodule(layer), kind, name, shape, bias_scale)
            value.copy_(torch.from_numpy(made))
            if seed:
                value.mul_(1.0 + ROUNDING * torch.randn(value.shape, generator=random, dtype=value.dtype))
        for path, value in model.named_buffers():
            if path.endswith("_u"):
                value.copy_(torch.from_numpy(hashed.unit_vector(f"{prefix}.{path}", value.numel())))


def state(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and running statistics, without PyTorch's own batch counter."""
    return {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}


def run(case: Case, dtype: torch.dtype, seed: int = 0) -> Arrays:
    """Trains for the case's steps and gathers what the fixture holds; `seed` is `fill`'s."""
    generator = Generator(case.variant, case.classes).to(dtype)
    discriminator = Discriminator(case.variant, case.classes, case.design).to(dtype)
    fill(generator, "generator", seed)
    fill(discriminator, "discriminator", seed, case.d_bias_scale)
    models = {"generator": generator, "discriminator": discriminator}
    opt_g, opt_d = adam(generator, foreach=False), adam(discriminator, foreach=False)

    def images(name: str) -> Tensor:
        return torch.from_numpy(hashed.uniform(case.input_prefix + name, (case.batch, 1, SIDE, SIDE))).to(dtype)

    def latents(name: str) -> Tensor:
        return torch.from_numpy(hashed.noise(case.input_prefix + name, (case.batch, LATENT))).to(dtype)

    def labels(name: str) -> Tensor:
        hashes = torch.from_numpy(hashed.labels(case.input_prefix + name, case.batch, case.classes))
        if VARIANTS[case.variant].generator_sees_class:  # a pack is of one class
            return hashes[: case.batch // case.pack].repeat(case.pack)
        return hashes

    def evaluate(prefix: str) -> Arrays:
        """Both models' outputs in evaluation mode."""
        generator.eval()
        discriminator.eval()
        asked = labels("eval.labels")
        with torch.no_grad():
            generated = generator(latents("eval.z"), asked)
            source_logits, class_logits = discriminator(images("eval.images"), asked)
        generator.train()
        discriminator.train()
        outputs = sketch(f"{prefix}eval.generated", generated) | sketch(f"{prefix}eval.source_logits", source_logits)
        return outputs if class_logits is None else outputs | sketch(f"{prefix}eval.class_logits", class_logits)

    stored: Arrays = {}
    curves: dict[str, list[float]] = {name: [] for name in SCALARS}
    for step in range(case.steps):
        results = train_step(
            generator, discriminator, opt_g, opt_d,
            images(f"step{step}.real"), labels(f"step{step}.labels"),
            latents(f"step{step}.z"), labels(f"step{step}.fake_labels"),
            case.losses,
        )  # fmt: skip
        if case.hinge:
            check_hinges(case, results)
        for name in SCALARS:
            curves[name].append(results[name].item())
        if step == 0:
            for name in results.keys() - set(SCALARS):
                stored |= sketch(f"step0.{name}", results[name])
            for which, model in models.items():
                for path, value in model.named_parameters():
                    assert value.grad is not None
                    stored |= sketch(f"step0.{which}.grad.{path}", value.grad)
                for path, value in state(model).items():
                    stored |= sketch(f"step0.{which}.after.{path}", value)
            stored |= evaluate("step0.")
    stored |= {f"losses.{name}": np.array(values) for name, values in curves.items()}
    if case.steps > 1:
        stored |= evaluate("")
    return dict(sorted(stored.items()))


def check_hinges(case: Case, results: dict[str, Tensor]) -> None:
    """Of both D's losses some terms must be zero and some not, and none so near that rounding decides."""
    for name, edge in (("real_source_logits", 1.0), ("fake_source_logits_before", -1.0)):
        beyond = results[name] - edge
        assert beyond.abs().min() > MARGIN, f"{case.name}: {name} {results[name]}"
        assert beyond.min() < 0.0 < beyond.max(), f"{case.name}: {name} {results[name]}"


def spreads(truth: Arrays, others: list[Arrays]) -> Arrays:
    """How far runs that differ by a rounding part from the truth: a curve step by step, the last outputs at worst."""
    result: Arrays = {}
    for name, expected in truth.items():
        part, kind = name.split(".")[0], name.split(".")[-1]
        if part not in ("losses", "eval") or kind in ("norm", "projections"):
            continue
        distance = np.max([np.abs(o[name].astype(np.float64) - expected) for o in others], axis=0)
        result[f"{name}.spread"] = distance if part == "losses" else np.array([distance.max()])
    return result


def metadata(case: Case) -> dict[str, str]:
    """The case and the parameter counts, which must be the specification's."""
    counts = (
        parameter_count(Generator(case.variant, case.classes)),
        parameter_count(Discriminator(case.variant, case.classes, case.design)),
    )
    if case.classes == 10 and case.design == Design():
        assert counts == EXPECTED_COUNTS[case.variant], f"{case.name}: {counts}"
    return {
        **case.facts,
        "input_prefix": case.input_prefix,
        "latent": str(LATENT),
        "steps": str(case.steps),
        "generator_parameters": str(counts[0]),
        "discriminator_parameters": str(counts[1]),
        "computed_in": "float64",
        "torch": torch.__version__.split("+")[0],
    }


def adam_gradient(step: int, count: int) -> np.ndarray:
    """Ordinary gradients, with exact zeros and very small ones among them, chosen by i mod 10."""
    residue = np.arange(count) % 10
    scale = np.ones(count)
    scale[residue == 0] = 0.0
    scale[residue == 1] = 1e-12
    scale[residue == 2] = 1e-8
    scale[residue == 3] = 1e-4
    scale[residue == 4] = 0.0 if step % 2 == 0 else 1.0  # comes and goes
    return ((2.0 * hashed.u(f"adam.gradient{step}", count) - 1.0) * scale).astype(np.float32)


def run_adam(dtype: torch.dtype, count: int = 1000, steps: int = 5) -> Arrays:
    """torch.optim.Adam over given gradients: parameters and both moments after each step, [steps, count]."""
    parameters = nn.Parameter(torch.from_numpy(hashed.uniform("adam.parameters", (count,))).to(dtype))
    optimiser = torch.optim.Adam([parameters], lr=1e-3, betas=(0.5, 0.999), eps=1e-8, foreach=False)
    rows: dict[str, list[np.ndarray]] = {"parameters": [], "first_moment": [], "second_moment": []}
    for step in range(steps):
        parameters.grad = torch.from_numpy(adam_gradient(step, count)).to(dtype)
        optimiser.step()
        moments = optimiser.state[parameters]
        rows["parameters"].append(parameters.detach().numpy().copy())
        rows["first_moment"].append(moments["exp_avg"].numpy().copy())
        rows["second_moment"].append(moments["exp_avg_sq"].numpy().copy())
    suffix = str(dtype).removeprefix("torch.")
    return {f"{name}.{suffix}": np.stack(values) for name, values in rows.items()}


def deviation(truth: Arrays, other: Arrays) -> dict[str, float]:
    """Largest |other - truth| over largest |truth|, the worst tensor of each group of names."""
    worst: dict[str, float] = {}
    for name, expected in truth.items():
        parts = name.split(".")
        group = ".".join(parts[: 3 if parts[0] == "step0" and len(parts) > 3 else 2])
        expected = expected.astype(np.float64)
        if "projections" in parts:  # the scale of a projection is the tensor's norm
            scale = float(truth[name.removesuffix("projections") + "norm"][0])
        else:
            scale = float(np.abs(expected).max())
        error = float(np.abs(other[name] - expected).max()) / max(scale, 1e-30)
        worst[group] = max(worst.get(group, 0.0), error)
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "fixtures")
    parser.add_argument("--deviation", action="store_true", help="also say how far PyTorch's float32 is from float64")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    args.out.mkdir(parents=True, exist_ok=True)

    for case in CASES:
        truth = run(case, torch.float64)
        single = run(case, torch.float32)
        stored = truth
        if case.steps > 1:
            rounded = [single, *(run(case, torch.float64, seed) for seed in SPREAD_SEEDS)]
            stored = truth | spreads(truth, rounded)
        path = args.out / f"{case.name}.safetensors"
        save_file(stored, path, metadata(case))
        print(f"{path.name}: {path.stat().st_size:,} bytes, {len(stored)} tensors")
        if args.deviation:
            print(json.dumps(deviation(truth, single), indent=2))

    path = args.out / "adam.safetensors"
    settings = {"learning_rate": "0.001", "beta1": "0.5", "beta2": "0.999", "epsilon": "1e-8"}
    save_file(run_adam(torch.float32) | run_adam(torch.float64), path, settings)
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
