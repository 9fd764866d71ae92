"""The child that reads notebooks: limits and bytes in on stdin, one value out on stdout, and then it ends.

It has read all files that it needs before it reads a byte of the question, and opens none afterwards.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TypeAlias

from pydantic import ConfigDict, TypeAdapter

from egress.apart.confine import confine
from egress.outputs.model import Rendered, Unreadable
from egress.outputs.notebook import read_notebook
from egress.outputs.reading import Reading, read_both

Told: TypeAlias = Rendered | Reading | Unreadable
_TOLD: TypeAdapter[Told] = TypeAdapter(Told, config=ConfigDict(strict=True))

_TRIED = json.dumps(
    {
        "nbformat": 4,
        "metadata": {},
        "cells": [
            {"cell_type": "code", "source": "import bulle\nbulle.release('a', 'SELECT é', title='t')", "outputs": []},
            {"cell_type": "code", "source": "x = (", "outputs": []},
        ],
    }
).encode()


def spelled(told: Told) -> bytes:
    """The answer as it leaves the child."""
    return _TOLD.dump_json(told, fallback=dict, warnings=False)  # `values` are read-only views of mappings


def read_told(answer: bytes) -> Told:
    """The value of an answer, which a child that was taken over may have written. Raises: ValidationError."""
    return _TOLD.validate_json(answer)


def _warm() -> None:
    """Load what is loaded at first use: afterwards nothing can be."""
    for notebook in (_TRIED, _TRIED.replace(b'"metadata": {}', b'"metadata": {"kernelspec": {"name": "ir"}}', 1), b"{"):
        read_told(spelled(read_both(notebook, notebook, 1 << 16, 1 << 16)))


def main() -> None:
    """Answer one question. What goes wrong ends the process; its texts may hold what was read, and go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    _warm()
    head = json.loads(sys.stdin.buffer.readline(1 << 12))
    confine(int(head["seconds"]), int(head["memory_mb"]), files=False)
    first, *more = [(sys.stdin.buffer.read(int(size)), int(most)) for size, most in head["notebooks"]]
    told: Told = read_both(first[0], more[0][0], first[1], more[0][1]) if more else read_notebook(*first)
    sys.stdout.buffer.write(spelled(told))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
