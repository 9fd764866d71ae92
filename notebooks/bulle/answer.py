"""The answer of a check: one value, as JSON for programs and as text for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bulle import foresight
from bulle.judge import Judged, verdict
from bulle.show import (
    finding_lines,
    legend,
    loss_line,
    note_lines,
    printable,
    suggestion_lines,
    text_table,
    verdict_words,
)
from egress.checks.model import Outcome
from egress.outputs.model import Withheld
from egress.rerun.result import RerunResult, RerunStatus
from hub.language import render
from hub.words import Message, say

SCHEMA = "bulle.check/1"
_WORDS = {Outcome.PASS: "pass", Outcome.REVIEW: "review", Outcome.FAIL: "refused"}


@dataclass(frozen=True)
class Checked:
    """What came out under the rules called `rules`. `rerun` is there when a notebook was run."""

    rules: str
    outputs: tuple[Judged, ...]
    rerun: RerunResult | None = None
    withheld: tuple[Withheld, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst; a notebook that does not run is refused, one that declares nothing is for a person to look at."""
        if self.rerun is not None and self.rerun.status is not RerunStatus.FINISHED:
            return Outcome.FAIL
        return verdict(self.outputs)

    @property
    def reason(self) -> Message | None:
        """Why there are no outputs, when there are none."""
        if self.rerun is not None and self.rerun.status is not RerunStatus.FINISHED:
            return self.rerun.message
        if not self.outputs:
            return say("Nothing is declared for release; only what bulle.release declares can leave.")
        return None

    def to_json(self, language: str) -> dict[str, Any]:
        """The document of `bulle.check/1`."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "verdict": _WORDS[self.outcome],
            "rules": self.rules,
            "outputs": [output.to_json(language) for output in self.outputs],
        }
        if self.reason is not None:
            document["why"] = render(self.reason, language)
        if self.rerun is not None:
            document["rerun"] = {
                "status": str(self.rerun.status),
                "isolation": str(self.rerun.isolation),
                "seconds": round(self.rerun.seconds, 1),
            }
            document["withheld"] = [
                {"cell": item.cell, "kind": str(item.kind), "why": render(item.why, language)} for item in self.withheld
            ]
        return document

    def to_text(self, language: str) -> str:
        """What a person reads: each output with its table and findings, what stays inside, the verdict last."""
        parts = [output_text(output, language) for output in self.outputs]
        if self.withheld:
            lines = [render(say("Would be withheld:"), language)]
            lines += [
                f"  {_place(item, language)}: {item.kind}. {render(item.why, language)}" for item in self.withheld
            ]
            parts.append("\n".join(lines))
        if self.rerun is not None:
            parts.append(render(self.rerun.isolation.describe(), language))
        if self.reason is not None:
            parts.append(render(self.reason, language))
        words = verdict_words(self.outcome, language)
        parts.append(render(say("Verdict under {rules}: {verdict}", rules=self.rules, verdict=words), language))
        return "\n\n".join(parts)


def _place(item: Withheld, language: str) -> str:
    if item.cell == 0:
        return render(say("notebook"), language)
    return render(say("cell {number}", number=item.cell), language)


def output_text(output: Judged, language: str) -> str:
    """One output: verdict, findings, table, loss, and what to ask for instead."""
    title = f" ({printable(output.title)})" if output.title else ""
    lines = [f"{output.name}{title}: {verdict_words(output.outcome, language)}"]
    lines += [f"  {line}" for line in note_lines(output.notes, language)]
    lines += [f"  {line}" for line in finding_lines(output.findings, language, advise=True)]
    lines += [f"  {line}" for line in foresight.lines(output.preview, language)]
    if output.protected is not None and output.outcome is not Outcome.FAIL:
        lines += ["", *(f"  {line}" for line in text_table(output.protected, output.keys).splitlines())]
        lines += [f"  {line}" for line in legend(output.protected, output.keys, language)]
        lines += [f"  {line}" for line in (loss_line(output, language),) if line]
    if output.suggestion is not None:
        lines += ["", *(f"  {line}" for line in suggestion_lines(output.suggestion, language))]
        lines += [f"      {printable(line)}" for line in output.suggestion.sql.split("\n")]
    return "\n".join(lines)
