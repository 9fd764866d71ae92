"""A chart as it is kept with the report on its table: its words, and the pictures that were drawn of the table."""

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
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"

    def to_dict(self) -> dict[str, Any]:
        """As a report holds it."""
        words = {"name": self.name, "title": self.title, "chart": self.chart, "svg": self.svg}
        return {**words, "png": base64.b64encode(self.png).decode()}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Picture:
        """The picture that `to_dict` spelled. Raises: KeyError, ValueError."""
        return cls(raw["name"], raw["title"], raw["chart"], raw["svg"], base64.b64decode(raw["png"], validate=True))
