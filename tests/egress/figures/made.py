"""Pictures for tests, as bytes: drawn ones, and what somebody may hand in instead."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64


def drawn(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """A few bars on white."""
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for at, height in enumerate((20, 44, 31)):
        pen.rectangle((8 + 18 * at, SIDE - height, 18 + 18 * at, SIDE - 4), fill=("#1f77b4", "#ff7f0e", "#2ca02c")[at])
    return picture


def bars() -> Image.Image:
    """A figure of a size that pages are made for, with letters."""
    picture = Image.new("RGB", (960, 600), "white")
    pen = ImageDraw.Draw(picture)
    for at, height in enumerate((277, 274, 560)):
        left = 120 + 260 * at
        pen.rectangle((left, 575 - height * 0.9, left + 180, 560), fill="#0063a6")
        pen.text((left + 70, 570), f"year {at + 1}", fill="#1f2933", font_size=22)
    return picture


def png(picture: Image.Image, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", **options)
    return written.getvalue()


def spelled(content: bytes) -> str:
    return base64.b64encode(content).decode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def file_of(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def after_header(picture: bytes, *more: bytes) -> bytes:
    """`picture` with chunks put in behind its header."""
    return picture[:33] + b"".join(more) + picture[33:]


def with_message(picture: Image.Image, bit: int, message: bytes) -> Image.Image:
    """`message` in one bit of each colour of each pixel, from the first on."""
    pixels = np.array(picture)
    flat = pixels.reshape(-1)
    bits = np.unpackbits(np.frombuffer(message, dtype=np.uint8))
    flat[: bits.size] = (flat[: bits.size] & ~np.uint8(1 << bit)) | (bits << bit)
    return Image.fromarray(pixels)


def message_in(content: bytes, bit: int, length: int) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        flat = np.array(picture.convert("RGB")).reshape(-1)
    return np.packbits((flat[: 8 * length] >> bit) & 1).tobytes()
