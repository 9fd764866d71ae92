"""Edge: a hostile PNG becomes another one. A child decodes it; this process looks at nothing but the pixels it answers,
whose every value it knows, and writes a PNG of them.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from dataclasses import dataclass

from egress.apart.asking import asked
from egress.figures.shades import levels
from hub.policy.limits import FigureLimits
from hub.words import Message, say

_ROOM = 1 << 12


@dataclass(frozen=True)
class Redrawn:
    """A picture that we wrote: nothing of the file that came is in it but its pixels, with fewer bits."""

    width: int
    height: int
    png: bytes

    @property
    def density(self) -> float:
        """Bits for a pixel: drawings have few, hidden messages many."""
        return 8 * len(self.png) / (self.width * self.height)


def redrawn(png: str, limits: FigureLimits) -> Redrawn | Message:
    """The picture in `png` (base64), or one sentence that says why there is none. Never raises for what it holds."""
    most = limits.max_kb * 1000
    if len(png) > (most + 2) // 3 * 4:
        return _too_large(limits)
    try:
        raw = base64.b64decode(png, validate=True)
    except binascii.Error:
        return _BROKEN
    bounds = {"max_side": limits.max_side, "max_pixels": limits.max_pixels, "bits": limits.bits}
    head = {"seconds": limits.seconds, "memory_mb": limits.memory_mb, "size": len(raw), **bounds}
    question = (json.dumps(head).encode(), b"\n", raw)
    answer = asked("egress.figures.child", question, limits.seconds, limits.max_pixels * 3 + _ROOM)
    return _LIMITS if answer is None else _read(answer, limits)


def _read(answer: bytes, limits: FigureLimits) -> Redrawn | Message:
    """The picture of an answer, which a child that was taken over may have written."""
    first, _, rgb = answer.partition(b"\n")
    try:
        told = json.loads(first)
        if "refused" in told:
            return _why(str(told["refused"]), limits)
        width, height = int(told["width"]), int(told["height"])
    except (ValueError, KeyError, TypeError):
        return _LIMITS
    fits = 0 < width <= limits.max_side and 0 < height <= limits.max_side and width * height <= limits.max_pixels
    if not fits or len(rgb) != 3 * width * height or rgb.translate(None, levels(limits.bits)):
        return _LIMITS
    made = Redrawn(width, height, _written((width, height), rgb))
    return made if len(made.png) <= limits.max_kb * 1000 else _too_large(limits)


def _written(size: tuple[int, int], rgb: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 -- where there is a figure; many a process imports this and meets none

    written = io.BytesIO()
    Image.frombytes("RGB", size, rgb).save(written, "PNG", optimize=True)
    return written.getvalue()


def _too_large(limits: FigureLimits) -> Message:
    return say("The picture is larger than the {limit} kB that one may have.", limit=limits.max_kb)


_LIMITS = say("The picture cannot be decoded within the limits that decoding has.")
_BROKEN = say("The picture is damaged, or made to mislead: it cannot be decoded.")


def _why(rule: str, limits: FigureLimits) -> Message:
    told = {
        "figure.png": say("The picture is no PNG; give a figure of matplotlib, or the bytes of a PNG."),
        "figure.frames": say("The picture is animated; a figure is one picture."),
        "figure.more": say("Something stands in the file after the picture; give a figure of matplotlib."),
        "figure.kind": say("The picture has 16 bits a colour, or is interlaced; give a figure of matplotlib."),
        "figure.pixels": say(
            "The picture may have at most {pixels} pixels, and {side} on one side; make it smaller.",
            pixels=limits.max_pixels,
            side=limits.max_side,
        ),
    }
    return told.get(rule, _BROKEN)
