"""Sentences for people: an English text with named places, translated only where it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = str | int | float


@dataclass(frozen=True)
class Message:
    """One sentence. `text` is English and the key of its translation; `values` fill its `{places}`.

    Values are names, numbers of rules and places in a text: never a value from the data.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        return self.fill(self.text)

    def __hash__(self) -> int:
        return hash((self.text, tuple(sorted(self.values.items()))))

    def fill(self, template: str) -> str:
        """The sentence of `template` (this text, or its translation) with the values in their places."""
        return template.format_map(self.values)

    def to_dict(self) -> dict[str, object]:
        """A form that goes into an event or JSON and comes back through `from_dict`."""
        return {"text": self.text, "values": dict(self.values)}

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> Message:
        values = raw.get("values")
        return say(str(raw["text"]), **(values if isinstance(values, dict) else {}))


def say(text: str, **values: Value) -> Message:
    """`say("Column {column} is missing.", column="age")`. A test checks that each literal has a French translation."""
    return Message(text, MappingProxyType(values))
