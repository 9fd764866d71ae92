"""The only holder of the container engine: an order names a workspace or a run, and what is made follows from that.

`shape`, `seal` are pure; `client` is for those who ask (no engine, no Docker client); the rest is the launcher's own.
"""
