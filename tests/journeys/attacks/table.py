"""The whole table, and the page that it makes: `python -m tests.journeys.attacks.table` writes `docs/attacks.md`."""

from __future__ import annotations

from pathlib import Path

from hub.policy.alarms import Place, read_alarms
from tests.journeys.attacks import kernel, outside, page, session
from tests.journeys.attacks.model import Attack, Told, Where

TABLE: dict[Where, tuple[Attack, ...]] = {
    Where.KERNEL: kernel.ALL,
    Where.SESSION: session.ALL,
    Where.PAGE: page.ALL,
    Where.OUTBOX: outside.OUTBOX,
    Where.OUTSIDE: outside.OUTSIDE,
}
PAGE = Path(__file__).parents[3] / "docs" / "attacks.md"
HEAD = """# Attempts to get out

What is tried against a running enclave at each change of it, what stops it, and what the event log says afterwards.
Made of the table that is run (`tests/journeys/attacks`): a row that succeeds fails the run. Where there is no event,
the reason is said. What cannot be closed stands in [SECURITY.md](../SECURITY.md).

Alarms (`alarm.raised`) name person, project, the kind of attempt and how often that day; they are told at the first
and then at each power of ten. Which refusals raise one is `policies/alarms.toml`:
"""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _log(told: Told | str) -> str:
    if isinstance(told, str):
        return f"no event: {told}"
    detail = ", ".join(value for value in told.body.values() if not value.endswith(".request"))
    return f"`{told.kind}`" + (f" ({detail})" if detail else "")


def _alarms() -> list[str]:
    policy = read_alarms()
    lines = [_row("refused by", "kind", "what was tried", "alarm", "why"), _row(*["---"] * 5)]
    for place in Place:
        for name, rule in policy.rules(place).items():
            lines.append(_row(place, name, rule.what, "yes" if rule.alarm else "no", rule.why))
    return lines


def written() -> str:
    """`docs/attacks.md`."""
    lines = [HEAD, *_alarms()]
    for where, attacks in TABLE.items():
        lines += ["", f"## {where}", "", _row("attempt", "what is tried", "stopped by", "event"), _row(*["---"] * 4)]
        lines += [_row(each.name, each.tries, each.stopped_by, _log(each.told)) for each in attacks]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
