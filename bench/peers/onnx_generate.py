"""How fast ONNX Runtime draws digits on the CPU; and how soon its first picture is there.

    onnx_generate.py --weights generator.safetensors --build generator.onnx
    onnx_generate.py --model generator.onnx --batch 256 --threads 2 --calls 50
    onnx_generate.py --model generator.onnx --first-image grid.png

The graph is written by hand from digitgan's file, BatchNorm folded into the layers before it. `--build` makes it with the
first layer as a matrix product (Gemm); `--first-layer conv` as a transposed convolution. Only `--build` needs `onnx`:
drawing reads the finished file, as a program in use would.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from grid_png import write_png

LATENT, SIDE = 100, 28
WARM_UP, WARM_UP_SECONDS = 10, 1.0
GRID_SIDE = 10
GRID_SCALE = 2  # picture pixels per side of a digit's pixel, as `digitgan sample` has it
NORM_EPSILON = 1e-5


def folded(weights: dict[str, np.ndarray], layer: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
    """A transposed convolution's weight [in, out, y, x] and bias that do what it and the norm after it do."""
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + NORM_EPSILON)
    shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return weights[f"{layer}.weight"] * scale[:, None, None], shift


def build(args: argparse.Namespace) -> None:
    """Writes the generator as an ONNX graph: `input` [batch, 100 or 110] -> `images` [batch, 1, 28, 28]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from safetensors.numpy import load_file

    weights = load_file(args.weights)
    first, shift1 = folded(weights, "deconv1", "bn1")
    second, shift2 = folded(weights, "deconv2", "bn2")
    inputs = first.shape[0]
    constants = {"second": second, "shift2": shift2, "third": weights["deconv3.weight"], "shift3": weights["deconv3.bias"]}
    if args.first_layer == "gemm":
        constants |= {"first": first.reshape(inputs, -1), "shift1": np.repeat(shift1, 49),
                      "shape": np.array([-1, 64, 7, 7], dtype=np.int64)}
        nodes = [helper.make_node("Gemm", ["input", "first", "shift1"], ["flat"]),
                 helper.make_node("Reshape", ["flat", "shape"], ["y1"])]
    else:
        constants |= {"first": first, "shift1": shift1, "shape": np.array([-1, inputs, 1, 1], dtype=np.int64)}
        nodes = [helper.make_node("Reshape", ["input", "shape"], ["column"]),
                 helper.make_node("ConvTranspose", ["column", "first", "shift1"], ["y1"])]
    halved = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    nodes += [
        helper.make_node("Relu", ["y1"], ["h1"]),
        helper.make_node("ConvTranspose", ["h1", "second", "shift2"], ["y2"], **halved),
        helper.make_node("Relu", ["y2"], ["h2"]),
        helper.make_node("ConvTranspose", ["h2", "third", "shift3"], ["y3"], **halved),
        helper.make_node("Tanh", ["y3"], ["images"]),
    ]
    initializers = [
        numpy_helper.from_array(value if value.dtype == np.int64 else np.ascontiguousarray(value, dtype=np.float32), name)
        for name, value in constants.items()
    ]
    graph = helper.make_graph(
        nodes, "generator",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", inputs])],
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, args.build)


def session(args: argparse.Namespace) -> ort.InferenceSession:
    """The runtime with the threads asked for, spinning as it does by default."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    return ort.InferenceSession(str(args.model), options, providers=["CPUExecutionProvider"])


def generator_input(model: ort.InferenceSession, labels: np.ndarray, seed: int) -> np.ndarray:
    """Noise, and the class one-hot where the graph asks for it."""
    noise = np.random.default_rng(seed).standard_normal((len(labels), LATENT), dtype=np.float32)
    classes = model.get_inputs()[0].shape[1] - LATENT
    return np.concatenate([noise, np.eye(classes, dtype=np.float32)[labels]], axis=1) if classes else noise


def measure(args: argparse.Namespace) -> None:
    """Prints images per second as JSON."""
    model = session(args)
    feed = {"input": generator_input(model, np.arange(args.batch) % 10, 0)}
    times = []
    begin, call = time.perf_counter(), 0
    while len(times) < args.calls:
        start = time.perf_counter()
        model.run(None, feed)
        if call >= WARM_UP and start - begin >= WARM_UP_SECONDS:
            times.append((time.perf_counter() - start) * 1e3)
        call += 1
    median_ms = statistics.median(times)
    print(json.dumps({
        "engine": f"ONNX Runtime {ort.__version__}",
        "batch": args.batch,
        "threads": args.threads,
        "median_call_ms": median_ms,
        "fastest_call_ms": min(times),
        "images_per_second": args.batch / median_ms * 1e3,
    }))


def first_image(args: argparse.Namespace) -> None:
    """Draws a grid of a hundred digits, one column per digit, and writes it."""
    model = session(args)
    images = model.run(None, {"input": generator_input(model, np.arange(GRID_SIDE * GRID_SIDE) % 10, 1)})[0]
    pixels = np.round((images + 1) * 127.5).astype(np.uint8).reshape(GRID_SIDE, GRID_SIDE, SIDE, SIDE)
    grid = pixels.transpose(0, 2, 1, 3).reshape(GRID_SIDE * SIDE, GRID_SIDE * SIDE)
    grid = grid.repeat(GRID_SCALE, 0).repeat(GRID_SCALE, 1)
    write_png(args.first_image, grid.tobytes(), grid.shape[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="digitgan's generator.safetensors, for --build")
    parser.add_argument("--build", type=Path, help="write the graph into this file, and nothing else")
    parser.add_argument("--first-layer", choices=["gemm", "conv"], default="gemm", help="for --build")
    parser.add_argument("--model", type=Path, help="the graph to draw with")
    parser.add_argument("--first-image", type=Path, help="draw one grid into this PNG file, and nothing else")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--calls", type=int, default=100, help="calls measured")
    args = parser.parse_args()
    if args.build:
        if not args.weights:
            parser.error("--build needs --weights")
        build(args)
    elif not args.model:
        parser.error("drawing needs --model, which --build makes")
    elif args.first_image:
        first_image(args)
    else:
        measure(args)


if __name__ == "__main__":
    main()
