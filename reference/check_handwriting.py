#!/usr/bin/env python3
"""Reads a data set that `digitgan write` made with the programs that take it, and checks that they agree and that boxes hold
the ink.

    reference/check_handwriting.py FOLDER      # written with --boxes coco,yolo,voc,csv --labels paddleocr,easyocr,tesseract

COCO is read by pycocotools, pictures by Pillow, Pascal VOC by xml, tables by csv; YOLO, gt.txt and EasyOCR's table as those
programs' own loaders do. With --distorted, ink is what is much darker than the paper, and boxes may be larger than it.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from PIL import Image
from pycocotools.coco import COCO

Box = tuple[str, int, int, int, int]


def coco_boxes(folder: Path) -> tuple[dict[str, list[Box]], dict[str, tuple[int, int]]]:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(folder / "annotations.json")
    boxes: dict[str, list[Box]] = {}
    sizes = {}
    for image in coco.loadImgs(coco.getImgIds()):
        sizes[image["file_name"]] = (image["width"], image["height"])
        found = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
        boxes[image["file_name"]] = [
            (names[one["category_id"]], x, y, x + width, y + height)
            for one in found for x, y, width, height in [one["bbox"]]
        ]
        assert all(one["area"] == one["bbox"][2] * one["bbox"][3] for one in found)
    return boxes, sizes


def voc_boxes(path: Path) -> list[Box]:
    root = ElementTree.parse(path).getroot()
    found = []
    for one in root.iter("object"):
        left, top, right, bottom = (int(one.findtext(f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax"))
        found.append((one.findtext("name"), left - 1, top - 1, right, bottom))
    return found


def yolo_boxes(path: Path, names: list[str], size: tuple[int, int]) -> list[Box]:
    found = []
    for line in path.read_text().splitlines():
        number, *shares = line.split(" ")
        x, y, width, height = (float(share) for share in shares)
        assert all(0 <= share <= 1 for share in (x, y, width, height)), line
        edges = ((x - width / 2) * size[0], (y - height / 2) * size[1], (x + width / 2) * size[0], (y + height / 2) * size[1])
        assert all(abs(edge - round(edge)) < 0.02 for edge in edges), line
        found.append((names[int(number)], *(round(edge) for edge in edges)))
    return found


def easy_texts(path: Path) -> dict[str, str]:
    """As EasyOCR's dataset reads it: pandas with the separator ^([^,]+), which splits at the first comma."""
    head, *rows = path.read_text().splitlines()
    assert head == "filename,words"
    return dict(re.match(r"^([^,]+),(.*)$", row).groups() for row in rows)


def check_ink(path: Path, boxes: list[Box], text: str, distorted: bool) -> None:
    with Image.open(path) as image:
        grey = image.convert("L")
    wide, high = grey.size
    pixels = grey.tobytes()
    paper = sorted(pixels)[len(pixels) * 3 // 4]
    ink = [index for index, pixel in enumerate(pixels) if pixel < paper - 100]
    assert ink, f"{path}: no ink"
    for index in ink:
        x, y = index % wide, index // wide
        assert any(left <= x < right and top <= y < bottom for _, left, top, right, bottom in boxes), \
            f"{path}: ink at {x}, {y} is in no box"
    for name, left, top, right, bottom in boxes:
        assert 0 <= left < right <= wide and 0 <= top < bottom <= high, f"{path}: {name} is beyond the picture"
        inside = [(index % wide, index // wide) for index in ink
                  if left <= index % wide < right and top <= index // wide < bottom]
        assert inside, f"{path}: there is no ink in the box of {name}"
        if not distorted:
            # A box is no larger than its ink and its faint edge.
            edges = (min(x for x, _ in inside) - left, min(y for _, y in inside) - top,
                     right - 1 - max(x for x, _ in inside), bottom - 1 - max(y for _, y in inside))
            assert max(edges) <= 3, f"{path}: the box of {name} is {edges} larger than its ink"
    assert "".join(name for name, *_ in boxes) == text.replace(" ", ""), path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--distorted", action="store_true", help="the lines were written with --distort")
    args = parser.parse_args()
    folder = args.folder
    texts = dict(line.split("\t") for line in (folder / "gt.txt").read_text().splitlines())
    assert texts == easy_texts(folder / "labels.csv"), "gt.txt and labels.csv differ"
    boxes, sizes = coco_boxes(folder)
    assert list(boxes) == list(texts), "annotations.json tells of other pictures than gt.txt"
    names = (folder / "classes.txt").read_text().splitlines()
    table: dict[str, list[Box]] = {}
    with (folder / "boxes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            edges = (int(row[edge]) for edge in ("left", "top", "right", "bottom"))
            table.setdefault(row["filename"], []).append((row["character"], *edges))
    for name, text in texts.items():
        path = folder / name
        with Image.open(path) as image:
            assert image.size == sizes[name], f"{name}: {image.size} is not {sizes[name]}"
        stem = path.name.split(".")[0]
        assert (folder / "images" / f"{stem}.gt.txt").read_text() == f"{text}\n"
        for kind, found in {"VOC": voc_boxes(folder / "annotations" / f"{stem}.xml"),
                            "YOLO": yolo_boxes(folder / "labels" / f"{stem}.txt", names, sizes[name]),
                            "boxes.csv": table[name]}.items():
            assert found == boxes[name], f"{name}: {kind} and COCO differ"
        check_ink(path, boxes[name], text, args.distorted)
    print(f"{len(texts)} lines, {sum(map(len, boxes.values()))} characters: all formats agree, and boxes hold the ink")


if __name__ == "__main__":
    main()
