"""The child that decodes: limits and one PNG in on stdin, its pixels out on stdout, and then it ends.

It has decoded a picture of each kind before it reads a byte of the question, and opens no file afterwards.
"""

from __future__ import annotations

import io
import json
import os
import sys

from PIL import Image

from egress.apart.confine import confine
from egress.figures.decode import DecodeError, decoded


def _warm() -> None:
    """Load what is loaded at first use: afterwards nothing can be."""
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        written = io.BytesIO()
        clear = {"transparency": 0} if mode in {"L", "P"} else {}
        Image.new(mode, (2, 2)).save(written, "PNG", **clear)
        decoded(written.getvalue(), 2, 4, 4)
    try:
        decoded(written.getvalue()[:-40], 2, 4, 4)
    except DecodeError:
        return


def main() -> None:
    """Answer one question. What goes wrong ends the process; its texts may hold what was read, and go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    _warm()
    head = json.loads(sys.stdin.buffer.readline(1 << 12))
    confine(int(head["seconds"]), int(head["memory_mb"]), files=False)
    raw = sys.stdin.buffer.read(int(head["size"]))
    try:
        found = decoded(raw, int(head["max_side"]), int(head["max_pixels"]), int(head["bits"]))
        told, rgb = json.dumps({"width": found.width, "height": found.height}), found.rgb
    except DecodeError as error:
        told, rgb = json.dumps({"refused": error.rule}), b""
    sys.stdout.buffer.write(told.encode() + b"\n" + rgb)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
