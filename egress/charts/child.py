"""The child that draws: limits and charts in on stdin, pictures out on stdout, and then it ends.

It has drawn once, and so loaded all it needs, before it gives up files, network and programs and reads a chart: labels
come from data, and a browser's engine draws them.
"""

from __future__ import annotations

import base64
import json
import os
import sys

import vl_convert

from egress.apart.confine import confine
from egress.charts.vega import VERSION, drawing
from egress.checks.table import Table
from egress.outputs.charts import Channel, Chart

_SCALE = 2  # pixels of the PNG for one of the drawing
_TRIED = drawing(
    Chart("bar", (Channel("x", "a", "nominal"), Channel("y", "b", "quantitative"))),
    Table(("a", "b"), (("é", 1), ("x", 2.5))),
    "é",
)


def pictures(chart: str) -> dict[str, str]:
    """One chart as SVG, and as PNG in base64."""
    svg = vl_convert.vegalite_to_svg(chart, vl_version=VERSION, allowed_base_urls=[])
    return {"svg": svg, "png": base64.b64encode(vl_convert.svg_to_png(svg, scale=_SCALE)).decode()}


def main() -> None:
    """Answer one question. What goes wrong ends the process; its texts may hold values, and go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    pictures(json.dumps(_TRIED))
    head = json.loads(sys.stdin.buffer.readline(1 << 16))
    confine(int(head["seconds"]), int(head["memory_mb"]), files=False)
    charts = [sys.stdin.buffer.read(int(size)).decode() for size in head["charts"]]
    sys.stdout.buffer.write(json.dumps([pictures(chart) for chart in charts]).encode())
    sys.stdout.buffer.flush()
    os._exit(0)  # the engine's threads do not end by themselves


if __name__ == "__main__":
    main()
