// What onnxruntime-web makes of the models of `onnx_cases`, under Node: lines of JSON for check_onnx.py.
// The package is looked for in the folder that the environment names as ONNX_NODE_MODULES.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.ONNX_NODE_MODULES, "of.js"));
const ort = require("onnxruntime-web");
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "fatal";
const folder = process.argv[2];
const NO_CLASS = 12n;

const read = (name, entry) => {
  const bytes = readFileSync(join(folder, name, entry.name));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return entry.type === "int64" ? new BigInt64Array(buffer) : new Float32Array(buffer);
};
const tensor = (entry, values, rows) => {
  const row = values.length / entry.shape[0];
  return new ort.Tensor(entry.type, values.slice(0, rows * row), [rows, ...entry.shape.slice(1)]);
};

for (const name of readdirSync(folder).sort()) {
  let facts;
  try {
    facts = JSON.parse(readFileSync(join(folder, name, "case.json")));
  } catch {
    continue;
  }
  const line = { runtime: "onnxruntime-web", case: name };
  try {
    const session = await ort.InferenceSession.create(readFileSync(join(folder, name, "model.onnx")));
    const inputs = facts.inputs.map((entry) => [entry, read(name, entry)]);
    line.difference = 0;
    for (const rows of [facts.inputs[0].shape[0], 1]) {
      const feeds = Object.fromEntries(inputs.map(([entry, values]) => [entry.name, tensor(entry, values, rows)]));
      const found = await session.run(feeds);
      for (const entry of facts.outputs) {
        const scale = read(name, entry).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        const expected = tensor(entry, read(name, entry), rows).data;
        if (found[entry.name].data.length !== expected.length) throw new Error(`${entry.name} has another shape`);
        found[entry.name].data.forEach((value, i) => {
          line.difference = Math.max(line.difference, Math.abs(value - expected[i]) / scale);
        });
      }
    }
    if (inputs.some(([entry]) => entry.name === "class")) {
      const wrong = ([entry, values]) => [entry.name, tensor(entry, entry.name === "class" ? values.map(() => NO_CLASS) : values, entry.shape[0])];
      line.refuses = await session.run(Object.fromEntries(inputs.map(wrong))).then(() => false, () => true);
    }
  } catch (error) {
    line.error = String(error).split("\n").join(" ").slice(0, 300);
  }
  console.log(JSON.stringify(line));
}
