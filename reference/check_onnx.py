"""Do runtimes for ONNX compute what digitgan computes?

Takes the folder that `onnx_cases` wrote: models, inputs, outputs. What discriminators answer is asked of the plain PyTorch
models first (`--torch`). Then each runtime runs each model, as it is given and its first row alone, and is asked for a class that
there is not. Prints a table, and fails where ONNX Runtime, or ONNX's own evaluator, differs by more than 1e-5 or draws such a class.

Runtimes in other languages say the same in lines of JSON, on standard output of a program that is given the folder:
{"runtime", "case", "difference"} or {"runtime", "case", "error"}, and "refuses" where there is a class.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx

TOLERANCE = 1e-5
# A class that there is not, of ten.
NO_CLASS = 12
# Those that must be right.
STRICT = ("onnx", "onnxruntime")

Arrays = dict[str, np.ndarray]


class Case:
    """A model with inputs and expected outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.model = folder / "model.onnx"
        self.facts = json.loads((folder / "case.json").read_text())
        self.inputs = self.arrays("inputs")
        self.outputs = self.arrays("outputs")

    def arrays(self, which: str) -> Arrays:
        """The numbers of inputs or outputs."""
        return {
            entry["name"]: np.fromfile(self.folder / entry["name"], dtype=entry["type"]).reshape(entry["shape"])
            for entry in self.facts[which]
        }

    def ask_pytorch(self) -> None:
        """Writes what the plain PyTorch model answers, of the weights beside the model."""
        import torch
        from models import Design, Discriminator
        from safetensors.torch import load_file

        given = dict(self.facts["discriminator"])
        variant = given.pop("variant")
        discriminator = Discriminator(variant, 10, Design(**given)).eval()
        weights = load_file(self.folder / "weights.safetensors")
        discriminator.load_state_dict(weights, strict=True)
        images = torch.from_numpy(self.inputs["image"])
        pack = given["pack"]
        labels = torch.from_numpy(self.inputs.get("class", np.zeros(len(images), dtype=np.int64)))
        # PyTorch's model sees a batch's first images first, then all second ones.
        images, labels = images.transpose(0, 1).reshape(-1, 1, 28, 28), labels.repeat(pack)
        with torch.inference_mode():
            logit, class_logits = discriminator(images, labels)
        answers = {"logit": logit} | ({} if class_logits is None else {"class_logits": class_logits})
        self.facts["outputs"] = []
        for name, answer in answers.items():
            answer.numpy().astype("<f4").tofile(self.folder / name)
            self.facts["outputs"].append({"name": name, "type": "float32", "shape": list(answer.shape)})
        (self.folder / "case.json").write_text(json.dumps(self.facts, indent=2))
        self.outputs = self.arrays("outputs")


Runtime = Callable[[Path], Callable[[Arrays], Arrays]]


def by_onnx(model: Path) -> Callable[[Arrays], Arrays]:
    """ONNX's own evaluator; its checker and shape inference look at the model too."""
    from onnx.reference import ReferenceEvaluator

    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    onnx.shape_inference.infer_shapes(loaded, check_type=True, strict_mode=True, data_prop=True)
    names = [output.name for output in loaded.graph.output]
    session = ReferenceEvaluator(loaded)
    return lambda inputs: dict(zip(names, session.run(None, inputs)))


def by_onnxruntime(model: Path) -> Callable[[Arrays], Arrays]:
    """ONNX Runtime, on the CPU."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(None, inputs)))


def by_openvino(model: Path, hints: dict[str, str] | None = None) -> Callable[[Arrays], Arrays]:
    """OpenVINO as it comes, which computes in bfloat16 where the processor does."""
    import openvino

    compiled = openvino.Core().compile_model(model, "CPU", hints or {})
    names = [output.get_any_name() for output in compiled.outputs]
    return lambda inputs: {name: compiled(inputs)[name] for name in names}


def by_openvino_f32(model: Path) -> Callable[[Arrays], Arrays]:
    """OpenVINO told to compute in 32 bits."""
    return by_openvino(model, {"INFERENCE_PRECISION_HINT": "f32"})


def by_opencv(model: Path, engine: str = "ENGINE_NEW") -> Callable[[Arrays], Arrays]:
    """OpenCV's dnn module."""
    import cv2

    cv2.utils.logging.setLogLevel(0)
    names = [output.name for output in onnx.load(model).graph.output]
    net = cv2.dnn.readNetFromONNX(str(model), getattr(cv2.dnn, engine))

    def run(inputs: Arrays) -> Arrays:
        for name, value in inputs.items():
            net.setInput(value, name)
        return dict(zip(names, net.forward(names)))

    return run


def by_opencv_classic(model: Path) -> Callable[[Arrays], Arrays]:
    """The same by its classic importer."""
    return by_opencv(model, "ENGINE_CLASSIC")


RUNTIMES: dict[str, Runtime] = {
    "onnx": by_onnx,
    "onnxruntime": by_onnxruntime,
    "openvino": by_openvino,
    "openvino f32": by_openvino_f32,
    "opencv": by_opencv,
    "opencv classic": by_opencv_classic,
}


def difference(case: Case, run: Callable[[Arrays], Arrays], rows: int) -> float:
    """The largest one of all outputs, of so many rows; of an output beyond 1, in parts of its largest number."""
    found = run({name: value[:rows] for name, value in case.inputs.items()})
    worst = 0.0
    for name, expected in case.outputs.items():
        expected = expected[:rows]
        if found[name].shape != expected.shape:
            raise ValueError(f"{name} has shape {found[name].shape}, expected {expected.shape}")
        scale = max(1.0, float(np.abs(case.outputs[name]).max()))
        worst = max(worst, float(np.abs(found[name] - expected).max()) / scale)
    return worst


def refuses(case: Case, run: Callable[[Arrays], Arrays]) -> bool:
    """Whether a class that there is not is refused."""
    classes = np.full_like(case.inputs["class"], NO_CLASS)
    try:
        run(case.inputs | {"class": classes})
    except Exception:  # noqa: BLE001: each runtime has its own
        return True
    return False


def try_case(runtime: str, case: Case) -> dict[str, object]:
    """What one runtime makes of one model."""
    line: dict[str, object] = {"runtime": runtime, "case": case.name}
    try:
        run = RUNTIMES[runtime](case.model)
        rows = len(next(iter(case.inputs.values())))
        line["difference"] = max(difference(case, run, rows), difference(case, run, 1))
        if "class" in case.inputs:
            line["refuses"] = refuses(case, run)
    except Exception as error:  # noqa: BLE001: each runtime has its own
        line["error"] = " ".join(str(error).split())[:300]
    return line


def in_a_process_of_its_own(runtime: str, cases: Path, name: str) -> dict[str, object]:
    """`try_case`, where a crash is an answer too."""
    command = [sys.executable, __file__, str(cases), "--one", runtime, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if lines:
        return json.loads(lines[-1])
    last = done.stderr.strip().splitlines()[-1:] or [""]
    return {"runtime": runtime, "case": name, "error": f"ended with code {done.returncode} {last[0]}"}


def kind(name: str) -> str:
    """In which column a case is counted."""
    return "discriminator" if name.startswith("d-") else "classifier" if name == "classifier" else "generator"


def cell(lines: list[dict[str, object]]) -> str:
    """How many models of a kind a runtime reads, and its largest difference."""
    if not lines:
        return "not tried"
    read = [line for line in lines if "error" not in line]
    if not read:
        return f"none of {len(lines)}"
    return f"{len(read)} of {len(lines)}, {max(line['difference'] for line in read):.0e}"


def table(lines: list[dict[str, object]]) -> str:
    """Runtimes by kinds of models."""
    rows = ["| runtime | generator | discriminator | classifier | class 12 of 10 |", "| --- | --- | --- | --- | --- |"]
    for runtime in dict.fromkeys(line["runtime"] for line in lines):
        own = [line for line in lines if line["runtime"] == runtime]
        cells = [cell([line for line in own if kind(line["case"]) == k]) for k in ("generator", "discriminator", "classifier")]
        asked = [line["refuses"] for line in own if "refuses" in line]
        drawn = "" if not asked else "refused" if all(asked) else "answered" if not any(asked) else "at times refused"
        rows.append("| " + " | ".join([runtime, *cells, drawn]) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("RUNTIME", "CASE"), help="one runtime on one model, as JSON")
    parser.add_argument("--program", action="append", default=[], help="a program that tries others, given the folder")
    parser.add_argument("--runtimes", default=",".join(RUNTIMES), help="which of %(default)s")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(try_case(args.one[0], Case(args.cases / args.one[1]))))
        return
    cases = [Case(folder.parent) for folder in sorted(args.cases.glob("*/case.json"))]
    for case in cases:
        if case.facts["discriminator"]:
            case.ask_pytorch()
    lines = [in_a_process_of_its_own(r, args.cases, case.name) for r in args.runtimes.split(",") if r for case in cases]
    for program in args.program:
        done = subprocess.run([*program.split(), str(args.cases)], stdout=subprocess.PIPE, text=True, check=True)
        lines += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for line in lines:
        if "error" in line:
            print(f"{line['runtime']} {line['case']}: {line['error']}", file=sys.stderr)
    print(table(lines))
    wrong = [
        line
        for line in lines
        if line["runtime"] in STRICT
        and ("error" in line or not line["difference"] <= TOLERANCE or line.get("refuses") is False)
    ]
    if wrong:
        sys.exit("\n".join(str(line) for line in wrong))


if __name__ == "__main__":
    main()
