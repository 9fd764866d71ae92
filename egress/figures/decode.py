"""A PNG to its pixels: hostile bytes, met in the confined child only (`egress.figures.child`). Pillow decodes.

Pillow is handed what a picture cannot do without: header, palette, transparency, pixels. Texts, colour profiles, times
and whatever else a file may carry are left behind unread, and what claims to be more than one picture is refused.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, PngImagePlugin

from egress.figures.shades import levels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_FRAMES = (b"acTL", b"fcTL", b"fdAT")
_MAX_CHUNKS = 10_000
_WHITE = (255, 255, 255, 255)


class DecodeError(Exception):
    """Bytes that are not one picture within the limits; `rule` says which of the parent's sentences is meant."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True)
class Pixels:
    """Red, green and blue of each pixel, one byte each, row by row."""

    width: int
    height: int
    rgb: bytes


def decoded(raw: bytes, max_side: int, max_pixels: int, bits: int) -> Pixels:
    """The pixels of one PNG, on white, with `bits` of each colour. Raises: DecodeError."""
    bare = _bare(raw, max_side, max_pixels)
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(bare)) as picture:
            picture.load()
            shown = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, IndexError, MemoryError) as error:
        raise DecodeError("figure.broken") from error
    ground = Image.new("RGBA", shown.size, _WHITE)
    ground.alpha_composite(shown)
    return Pixels(*ground.size, ground.convert("RGB").tobytes().translate(levels(bits)))


def _bare(raw: bytes, max_side: int, max_pixels: int) -> bytes:
    """The chunks that make the picture, once its header keeps the limits: nothing is decoded before."""
    kept = [SIGNATURE]
    for place, (kind, chunk) in enumerate(_chunks(raw)):
        if (kind == b"IHDR") is not (place == 0):
            raise DecodeError("figure.broken")
        if kind == b"IHDR":
            _within(chunk[8:-4], max_side, max_pixels)
        if kind in _FRAMES:
            raise DecodeError("figure.frames")
        if kind in _KEPT:
            kept.append(chunk)
        elif not kind[:1].islower():  # one that a reader must know, and PNG has no such
            raise DecodeError("figure.broken")
    return b"".join(kept)


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's kind and its bytes, to the end of the file."""
    if not raw.startswith(SIGNATURE):
        raise DecodeError("figure.png")
    at, kind = len(SIGNATURE), b""
    for _ in range(_MAX_CHUNKS):
        if kind == b"IEND":
            if at != len(raw):
                raise DecodeError("figure.more")
            return
        if at + 12 > len(raw):
            raise DecodeError("figure.broken")
        length, kind = struct.unpack_from(">I4s", raw, at)
        chunk = raw[at : at + 12 + length]
        if len(chunk) < 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise DecodeError("figure.broken")
        yield kind, chunk
        at += len(chunk)
    raise DecodeError("figure.broken")


def _within(header: bytes, max_side: int, max_pixels: int) -> None:
    """Width and height before a byte is unpacked; eight bits a colour at most, from the first row to the last."""
    if len(header) != 13:
        raise DecodeError("figure.broken")
    width, height, depth, _, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if not width or not height:
        raise DecodeError("figure.broken")
    if max(width, height) > max_side or width * height > max_pixels:
        raise DecodeError("figure.pixels")
    if depth > 8 or interlaced:
        raise DecodeError("figure.kind")
