"""Figures that notebooks draw: decoded to pixels in a confined child, and drawn anew from these pixels alone."""
