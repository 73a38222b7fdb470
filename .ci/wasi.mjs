// Runs a program that was compiled for wasm32-wasip1, such as a test, under Node: `node .ci/wasi.mjs PROGRAM ARGUMENTS...`.
import { readFile } from "node:fs/promises";
import { argv, env, exit } from "node:process";
import { WASI } from "node:wasi";

const [program, ...args] = argv.slice(2);
// Node passes only the variables that are named here. No folder is opened to the program.
const { DIGITGAN_SIMD = "", RUST_BACKTRACE = "" } = env;
const wasi = new WASI({ version: "preview1", args: [program, ...args], env: { DIGITGAN_SIMD, RUST_BACKTRACE } });
const { instance } = await WebAssembly.instantiate(await readFile(program), wasi.getImportObject());
exit(wasi.start(instance));
