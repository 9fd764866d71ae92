"""Which brightnesses a redrawn picture has. Pure."""

from __future__ import annotations


def levels(bits: int) -> bytes:
    """For each of 256 brightnesses, the one of 2^bits that stands for it: the low bits are cut off, not rounded, so
    that nothing in them moves a pixel to another level.
    """
    most = (1 << bits) - 1
    return bytes((value >> (8 - bits)) * 255 // most for value in range(256))
