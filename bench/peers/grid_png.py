"""Writes a grey PNG with the standard library alone: importing a picture library would cost a peer time."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path


def write_png(path: Path, pixels: bytes, width: int) -> None:
    """`pixels`: a byte each, row by row."""
    rows = [pixels[at:at + width] for at in range(0, len(pixels), width)]
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 6)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk: length, kind, body, checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
