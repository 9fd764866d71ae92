"""The answer of `bulle protect`: one value, as JSON for programs and as text for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bulle.show import MAX_ROWS, finding_lines, legend, printable, spell, text_table, verdict_words
from egress.assess import finding_json, table_json
from egress.checks.model import Assurance, Outcome
from egress.checks.table import Table
from egress.protect.loss import Loss
from egress.protect.protectedcells import SECONDARY, Known, ProtectedCells
from egress.protect.system import Numbers
from hub.language import render
from hub.words import Message, say

SCHEMA = "bulle.protect/1"
_WORDS = {Outcome.PASS: "pass", Outcome.REVIEW: "review", Outcome.FAIL: "refused"}
_REASONS = {
    "low_counts": say("too few persons"),
    "low_units": say("too few establishments or households"),
    "dominance": say("dominance"),
    "p_ratio": say("p % rule"),
    SECONDARY: say("would give others back"),
    "empty": say("nothing left of its parts"),
}


@dataclass(frozen=True, eq=False)
class Protection:
    """What came out under the rules called `rules`. `proposal`: what τ-ARGUS said, where it was asked."""

    rules: str
    done: ProtectedCells
    proposal: Message | None = None

    @property
    def outcome(self) -> Outcome:
        return self.done.outcome

    def table(self) -> Table:
        """The protected table under the file's own names; None is a suppressed value."""
        cells = self.done.cells
        names = [cells.names.get(column, column) for column in self.done.columns]
        whole = {name: _all_whole(numbers) for name, numbers in self.done.columns.items()}
        rows = []
        for cell, codes in enumerate(cells.codes):
            numbers = [_number(float(values[cell]), whole=whole[name]) for name, values in self.done.columns.items()]
            rows.append((*codes, *numbers))
        return Table((*cells.keys, *names), tuple(rows))

    def to_json(self, language: str) -> dict[str, Any]:
        """The document of `bulle.protect/1`."""
        cells, names = self.done.cells, self.done.cells.names
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "verdict": _WORDS[self.outcome],
            "assurance": Assurance.UNVERIFIED.value,
            "rules": self.rules,
            "method": self.done.method.value,
            "findings": [finding_json(finding, language) for finding in self.done.findings],
            "pattern": [
                {"cell": list(cells.codes[cell]), "reasons": list(reasons)}
                for cell, reasons in enumerate(self.done.reasons)
                if reasons
            ],
            "audit": [
                _audited(one, list(cells.codes[one.cell]), names.get(one.column, one.column)) for one in self.done.known
            ],
            "loss": {names.get(column, column): asdict(loss) for column, loss in self.done.losses.items()},
        }
        if self.done.columns and self.outcome is not Outcome.FAIL:
            document["protected"] = table_json(self.table())
        if self.done.how:
            document["found_by"] = self.done.how
        if self.proposal is not None:
            document["proposal"] = render(self.proposal, language)
        return document

    def to_text(self, language: str) -> str:
        """What a person reads: the table, each suppressed cell with what an attacker knows of it, loss, verdict."""
        parts = []
        if self.done.columns and self.outcome is not Outcome.FAIL:
            table, keys = self.table(), self.done.cells.keys
            parts.append("\n".join([text_table(table, keys), *legend(table, keys, language)]))
        parts += ["\n".join(lines) for lines in (list(self._pattern(language)), list(self._losses(language))) if lines]
        parts.append("\n".join(finding_lines(self.done.findings, language)))
        if self.proposal is not None:
            parts.append(render(self.proposal, language))
        words = verdict_words(self.outcome, language)
        parts.append(render(say("Verdict under {rules}: {verdict}", rules=self.rules, verdict=words), language))
        parts.append(render(say("These numbers were made elsewhere: nothing vouches for them."), language))
        return "\n\n".join(parts)

    def _pattern(self, language: str) -> Iterator[str]:
        known: dict[int, list[Known]] = {}
        for one in self.done.known:
            known.setdefault(one.cell, []).append(one)
        flagged = [cell for cell, reasons in enumerate(self.done.reasons) if reasons]
        for cell in flagged[:MAX_ROWS]:
            name = printable(" × ".join(self.done.cells.codes[cell]))
            why = ", ".join(render(_REASONS[reason], language) for reason in self.done.reasons[cell])
            yield f"{name}: {why}"
            for one in known.get(cell, ()):
                yield f"    {self._told(one, language)}"
        if len(flagged) > MAX_ROWS:
            yield f"… {len(flagged) - MAX_ROWS}"

    def _told(self, one: Known, language: str) -> str:
        column = printable(self.done.cells.names.get(one.column, one.column))
        verdict = render(say("hidden") if one.hidden else say("EXPOSED"), language)
        if one.low is None or one.high is None:
            return f"{column}: {verdict}"
        low, high = _end(one.low), _end(one.high)
        if not one.need:
            between = say("{column}: an attacker works out {low} to {high}.", column=column, low=low, high=high)
            return f"{render(between, language)} {verdict}"
        between = say(
            "{column}: an attacker works out {low} to {high}; width needed: {need}.",
            column=column,
            low=low,
            high=high,
            need=f"{one.need:,.6g}",
        )
        return f"{render(between, language)} {verdict}"

    def _losses(self, language: str) -> Iterator[str]:
        for column, loss in self.done.losses.items():
            yield render(_loss(printable(self.done.cells.names.get(column, column)), loss), language)


def _all_whole(numbers: Numbers) -> bool:
    return all(math.isnan(one) or one == int(one) for one in numbers.tolist())


def _number(value: float, *, whole: bool) -> int | float | None:
    if math.isnan(value):
        return None
    return int(value) if whole else value


def _end(value: float) -> str:
    return "∞" if value == math.inf else "−∞" if value == -math.inf else spell(value)


def _audited(one: Known, codes: list[str], column: str) -> dict[str, Any]:
    """An end that is not bounded is null; an interval that was not worked out is null as a whole."""
    ends = None
    if one.low is not None and one.high is not None:
        ends = [end if math.isfinite(end) else None for end in (one.low, one.high)]
    return {"cell": codes, "column": column, "interval": ends, "need": one.need, "hidden": one.hidden}


def _loss(column: str, loss: Loss) -> Message:
    return say(
        "Loss in {column}: {suppressed} of {cells} cells suppressed ({share} of the value); {changed} changed, "
        "on average by {absolute} or {relative}.",
        column=column,
        suppressed=loss.suppressed,
        cells=loss.cells,
        share=f"{loss.value_share:.1%}",
        changed=loss.changed,
        absolute=f"{loss.mean_absolute:,.4g}",
        relative=f"{loss.mean_relative:.2%}",
    )
