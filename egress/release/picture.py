"""Pictures as reports hold them: charts that the enclave draws of a table, and figures that notebooks draw."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Picture:
    """`chart` is what was declared, Vega-Lite as JSON; both pictures show the protected table and nothing else."""

    name: str
    title: str
    chart: str
    svg: str
    png: bytes

    @property
    def address(self) -> str:
        """The drawing as an address that holds it whole; as an image it runs nothing."""
        return _address("image/svg+xml", self.svg.encode())

    def to_dict(self) -> dict[str, Any]:
        """As a report holds it."""
        words = {"name": self.name, "title": self.title, "chart": self.chart, "svg": self.svg}
        return {**words, "png": base64.b64encode(self.png).decode()}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Picture:
        """The picture that `to_dict` spelled. Raises: KeyError, ValueError."""
        return cls(raw["name"], raw["title"], raw["chart"], raw["svg"], base64.b64decode(raw["png"], validate=True))


@dataclass(frozen=True)
class Figure:
    """A figure of the notebook's own, redrawn by us from its pixels; `shows`: the tables with which it leaves."""

    shows: tuple[str, ...]
    png: bytes

    @property
    def address(self) -> str:
        """The picture as an address that holds it whole."""
        return _address("image/png", self.png)

    def to_dict(self) -> dict[str, Any]:
        """As a report holds it."""
        return {"shows": list(self.shows), "png": base64.b64encode(self.png).decode()}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Figure:
        """The figure that `to_dict` spelled. Raises: KeyError, ValueError."""
        return cls(tuple(str(name) for name in raw["shows"]), base64.b64decode(raw["png"], validate=True))


def _address(media: str, content: bytes) -> str:
    return f"data:{media};base64,{base64.b64encode(content).decode()}"
