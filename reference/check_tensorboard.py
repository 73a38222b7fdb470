"""Reads a folder of event files with TensorBoard itself and compares it with what should be there.

Usage: check_tensorboard.py DIR --expect-json FILE [--server]

The JSON file holds {"scalars": {tag: [[step, value], ...]},
                     "images": {tag: [[step, width, height, sha256 of the PNG], ...]},
                     "hyperparameters": {name: value}}.

The folder is read by each of TensorBoard's readers, since they differ in how they treat the
sessions of a resumed run: the classic accumulator, the one behind its plugins, and with --server
also a real server on a loopback port, once with each of its two loaders.

Needs the package tensorboard (checked with 2.21). Exits with 1 and a line for each difference.
"""

import argparse
import hashlib
import json
import logging
import math
import struct
import sys
import time
import urllib.parse
import urllib.request

from tensorboard import program
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.util import tensor_util

SERVER_PATIENCE_S = 60


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def image_entry(step, width, height, png):
    return [step, width, height, hashlib.sha256(png).hexdigest()]


def with_event_accumulator(folder):
    everything = {event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0}
    events = event_accumulator.EventAccumulator(folder, size_guidance=everything).Reload()
    tags = events.Tags()
    return {
        "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
        "images": {
            tag: [
                image_entry(e.step, e.width, e.height, e.encoded_image_string)
                for e in events.Images(tag)
            ]
            for tag in tags["images"]
        },
    }


def with_plugin_accumulator(folder):
    """The reader behind the server's slow loader; it sees scalars and images as tensors."""
    events = plugin_event_accumulator.EventAccumulator(
        folder, size_guidance={plugin_event_accumulator.TENSORS: 0}
    ).Reload()
    found = {"scalars": {}, "images": {}}
    for tag in events.Tags()["tensors"]:
        plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
        if plugin == "hparams":
            continue
        for event in events.Tensors(tag):
            value = tensor_util.make_ndarray(event.tensor_proto)
            if plugin == "images":
                width, height, png = value[0], value[1], value[2]
                entry = image_entry(event.step, int(width), int(height), png)
            else:
                entry = [event.step, float(value)]
            found[plugin].setdefault(tag, []).append(entry)
    return found


def hyperparameters(url):
    """What the page HParams shows of the folder's own run."""
    body = {"startIndex": 0, "sliceSize": 10, "allowedStatuses": ["STATUS_UNKNOWN"]}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}data/plugin/hparams/session_groups", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=SERVER_PATIENCE_S) as reply:
        groups = json.loads(reply.read()).get("sessionGroups", [])
    return {name: value for group in groups for name, value in group["hparams"].items()}


def with_server(folder, load_fast, expect_images):
    server = program.TensorBoard()
    server.configure(
        argv=[None, "--logdir", folder, "--host", "127.0.0.1", "--port", "0",
              "--load_fast", load_fast, "--samples_per_plugin", "scalars=100000,images=1000"]
    )
    url = server.launch()

    def get(route, query=""):
        address = f"{url}data/plugin/{route}?{query}"
        with urllib.request.urlopen(address, timeout=SERVER_PATIENCE_S) as reply:
            return reply.read()

    # The server loads in the background; images come last in the folder's files.
    deadline = time.monotonic() + (SERVER_PATIENCE_S if expect_images else 3)
    while not (images := json.loads(get("images/tags"))) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(1)
    found = {"scalars": {}, "images": {}, "hyperparameters": hyperparameters(url)}
    for run, tags in json.loads(get("scalars/tags")).items():
        # What lies in a folder below is a run of its own.
        if run != ".":
            continue
        for tag in tags:
            query = urllib.parse.urlencode({"run": run, "tag": tag})
            events = json.loads(get("scalars/scalars", query))
            found["scalars"][tag] = [[step, value] for _, step, value in events]
    for run, tags in images.items():
        for tag in tags:
            # Sample 0: each of our events holds one image.
            query = urllib.parse.urlencode({"run": run, "tag": tag, "sample": 0})
            events = json.loads(get("images/images", query))
            pngs = [(e["step"], get("images/individualImage", e["query"])) for e in events]
            # The server passes on the PNG alone, whose size stands in its header.
            found["images"][tag] = [
                image_entry(step, *struct.unpack(">II", png[16:24]), png) for step, png in pngs
            ]
    return found


def same(expected, found):
    if len(expected) != len(found):
        return False
    for a, b in zip(expected, found):
        for x, y in zip(a, b):
            if isinstance(x, float):
                x = float32(x)
                if not (x == y or (math.isnan(x) and math.isnan(y))):
                    return False
            elif x != y:
                return False
    return True


def differences(expected, found):
    for kind in ("scalars", "images"):
        for tag in sorted(expected[kind].keys() | found[kind].keys()):
            wanted, got = expected[kind].get(tag, []), found[kind].get(tag, [])
            if not same(wanted, got):
                unlike = [pair for pair in zip(wanted, got) if not same(pair[:1], pair[1:])]
                first = f"; first: wanted {unlike[0][0]}, found {unlike[0][1]}" if unlike else ""
                yield f"{kind} {tag}: {len(wanted)} events wanted, {len(got)} found{first}"
    shown = found.get("hyperparameters")
    if shown is not None and shown != expected["hyperparameters"]:
        yield f"hyperparameters: {expected['hyperparameters']} wanted, {shown} found"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--expect-json", required=True, metavar="FILE")
    parser.add_argument("--server", action="store_true", help="also ask a real server")
    arguments = parser.parse_args()
    with open(arguments.expect_json, encoding="utf-8") as file:
        expected = json.load(file)
    logging.getLogger("tensorboard").setLevel(logging.ERROR)

    readers = {
        "event accumulator": with_event_accumulator,
        "plugin accumulator": with_plugin_accumulator,
    }
    if arguments.server:
        expect_images = bool(expected["images"])
        readers["server, slow loader"] = lambda folder: with_server(folder, "false", expect_images)
        readers["server, fast loader"] = lambda folder: with_server(folder, "true", expect_images)
    failed = False
    for name, reader in readers.items():
        found = reader(arguments.folder)
        problems = list(differences(expected, found))
        failed |= bool(problems)
        for problem in problems:
            print(f"{name}: {problem}", file=sys.stderr)
        if not problems:
            scalars = sum(map(len, found["scalars"].values()))
            images = sum(map(len, found["images"].values()))
            print(f"{name}: {scalars} scalars and {images} images as expected")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
