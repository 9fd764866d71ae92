"""The way in: what an import is, where it stands, and who may move it. The mirror of `egress.release`."""
