"""The notebook's own source as an output: the text of the cells that are asked for. Pure.

It is the text of the notebook as it was handed in, never of the re-run.
"""

from __future__ import annotations

import re

from egress.outputs.model import Rendered
from egress.outputs.source_claim import Cells

_FENCES = re.compile(r"`{3,}")


def source_text(notebook: Rendered, cells: Cells) -> str:
    """The cells of `notebook` as one Markdown document: text as it stands, code between fences."""
    parts = [
        _fenced(cell.source, "r" if notebook.r else "python") if cell.is_code else cell.source.strip("\n")
        for cell in notebook.cells
        if cell.source.strip() and (cells is Cells.ALL or cell.is_code is (cells is Cells.CODE))
    ]
    return "\n\n".join(parts) + "\n" if parts else ""


def _fenced(source: str, language: str) -> str:
    """No fence within can close it."""
    longest = max((len(found) for found in _FENCES.findall(source)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{source.strip(chr(10))}\n{fence}"
