"""Who reads: the language of sentences shown in a notebook."""

from __future__ import annotations

import os

from hub.language import preferred


def language() -> str:
    """French or English: the variable BULLE_LANGUAGE, else the environment's LANG."""
    return preferred(os.environ.get("BULLE_LANGUAGE") or os.environ.get("LANG"))
