"""The child really draws: pictures without scripts or addresses, hostile labels as text, nothing when it cannot."""

from __future__ import annotations

import re
import struct
from xml.etree import ElementTree

import pytest

from egress.charts import draw as module
from egress.charts.draw import Drawn, draw
from egress.charts.vega import drawing
from egress.checks.table import Table
from egress.outputs.charts import Channel, Chart
from hub.policy.limits import ChartLimits, read_limits

LIMITS = read_limits().charts
HOSTILE = ("<script>alert(1)</script>", '"><image href="https://x.example/a.png"/>', "é\u202egnp", "a & b")
BARS = Chart("bar", (Channel("x", "k", "nominal"), Channel("y", "n", "quantitative")))


@pytest.fixture(scope="module")
def drawn() -> tuple[Drawn, ...]:
    rows = tuple((label, 10 + at) for at, label in enumerate(HOSTILE))
    plain = Table(("k", "n"), (("a", 3), ("b", None)))
    lines = Chart("line", (Channel("x", "k", "ordinal"), Channel("y", "n", "quantitative")))
    found = draw([drawing(BARS, Table(("k", "n"), rows), HOSTILE[0]), drawing(lines, plain, "")], LIMITS)
    assert found is not None
    return found


def test_hostile_labels_are_text_and_nothing_points_outside(drawn: tuple[Drawn, ...]) -> None:
    root = ElementTree.fromstring(drawn[0].svg)
    tags = {node.tag.rpartition("}")[2] for node in root.iter()}
    assert tags <= {"svg", "g", "path", "text", "rect", "defs", "clipPath", "title", "line", "tspan", "style"}
    attributes = {name for node in root.iter() for name in node.attrib}
    assert not [name for name in attributes if "href" in name or name.lower().startswith("on")]
    assert "<script" not in drawn[0].svg
    assert "alert(1)" in "".join(root.itertext())
    assert not re.findall(r"url\((?!#)", drawn[0].svg)


def test_both_pictures_are_of_the_same_chart_and_the_same_twice(drawn: tuple[Drawn, ...]) -> None:
    width, height = struct.unpack(">II", drawn[1].png[16:24])
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn[1].svg)
    assert box is not None
    assert (width, height) == (2 * int(box[1]), 2 * int(box[2]))
    again = draw([drawing(BARS, Table(("k", "n"), (("a", 1),)), "")] * 2, LIMITS)
    assert again is not None
    assert again[0] == again[1]


def test_a_chart_that_reaches_outside_gets_nothing(drawn: tuple[Drawn, ...]) -> None:
    """The list lets no such chart come here; the child would not fetch it either."""
    for address in ("file:///etc/passwd", "https://localhost:1/x.json"):
        outside = {**drawing(BARS, Table(("k", "n"), (("a", 1),)), ""), "data": {"url": address}}
        found = draw([outside], LIMITS)
        assert found is None or "root:" not in found[0].svg


def test_a_child_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert draw([], LIMITS) == ()
    monkeypatch.setattr(module, "_MOST", 1)
    assert draw([drawing(BARS, Table(("k", "n"), (("a", 1),)), "")], LIMITS) is None
    assert draw([{"mark": "nonsense"}], ChartLimits(seconds=30, memory_mb=2048)) is None
