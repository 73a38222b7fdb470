#!/bin/sh
# What ONNX's own evaluator makes of a batch normalisation, by the version of the operators (opset) that a model names.
#
# Guess before: the answer is that of the running mean and variance given as inputs, in every opset, as the specification says of a
# model that is not being trained, and as ONNX Runtime answers.
# Seen on 2026-11-28 with onnx 1.23.2 and onnxruntime 1.32.0, of the images 1 and 3 in a channel whose running mean is 0 and variance 1:
#
#     opset 9: evaluator 0.800 2.800, ONNX Runtime 1.000 3.000
#     opset 13: evaluator 0.800 2.800, ONNX Runtime 1.000 3.000
#     opset 14: evaluator 1.000 3.000, ONNX Runtime 1.000 3.000
#     opset 15: evaluator 1.000 3.000, ONNX Runtime 1.000 3.000
#
# In opsets below 14 the evaluator mixes the mean and variance of the batch into the running ones, a tenth (1 - momentum), as a step of a
# training does, and answers by these: here a mean of 0.2. So whoever holds a model of such an
# opset to it finds another network, and one whose answer for an image depends on the images beside it.
# What digitgan does about it: its models say opset 14.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 numpy==2.3.5
"$work/venv/bin/python" - <<'PYTHON' >"$work/seen"
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

images = np.array([1.0, 3.0], np.float32).reshape(2, 1, 1, 1)
given = {"scale": 1.0, "bias": 0.0, "mean": 0.0, "variance": 1.0}
for opset in (9, 13, 14, 15):
    graph = helper.make_graph(
        [helper.make_node("BatchNormalization", ["x", *given], ["y"], epsilon=0.0)],
        "normalised",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 1, 1, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 1, 1, 1])],
        [numpy_helper.from_array(np.array([value], np.float32), name) for name, value in given.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    (reference,) = ReferenceEvaluator(model).run(None, {"x": images})
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (runtime,) = session.run(None, {"x": images})
    text = lambda found: " ".join(f"{value:.3f}" for value in found.ravel())
    print(f"opset {opset}: evaluator {text(reference)}, ONNX Runtime {text(runtime)}")
PYTHON
cat "$work/seen"
diff - "$work/seen" <<'SEEN'
opset 9: evaluator 0.800 2.800, ONNX Runtime 1.000 3.000
opset 13: evaluator 0.800 2.800, ONNX Runtime 1.000 3.000
opset 14: evaluator 1.000 3.000, ONNX Runtime 1.000 3.000
opset 15: evaluator 1.000 3.000, ONNX Runtime 1.000 3.000
SEEN
