"""bulle.preview: what a DP release would cost and how exact it would be, before it is declared. No row is read."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence
from bulle.reader import language
from hub.words import say


def preview(sql: str, *, within: float | None = None, rho: float | Decimal | str | None = None) -> None:
    """Show what the aggregate `sql` would cost with `protect="dp"`: for counts off by at most `within`, or at `rho`.

    Without either, at a twentieth of what the source may spend. It declares nothing, draws nothing and spends nothing.
    """
    if not is_rerun():
        display_bundle(previewed(sql, within, rho))


def previewed(sql: Any, within: Any, rho: Any) -> dict[str, Any]:
    """The MIME bundle of one preview, or of one sentence. R's `preview` comes by here as well."""
    if not isinstance(sql, str):
        return sentence(say("preview takes the SQL of an aggregate, as text."))
    if within is not None and rho is not None:
        return sentence(say("Give either how exact counts must be (within), or the rho to spend; not both."))
    try:
        spend = None if rho is None else Decimal(str(rho))
        width = None if within is None else float(within)
    except (InvalidOperation, TypeError, ValueError):
        return sentence(say("within and rho are numbers."))
    return attempt(lambda: _foreseen(sql, width, spend))


def _foreseen(sql: str, within: float | None, rho: Decimal | None) -> dict[str, Any]:
    from bulle.foresight import lines, to_json  # noqa: PLC0415 -- `import bulle` stays quick in a re-run
    from bulle.picture import html_preview  # noqa: PLC0415 -- same
    from bulle.preflight import workspace  # noqa: PLC0415 -- same
    from egress.privacy.preview import preview as foresee  # noqa: PLC0415 -- same
    from egress.privacy.read import read  # noqa: PLC0415 -- same
    from egress.query.model import QueryRefusal  # noqa: PLC0415 -- same
    from egress.query.parse import parse  # noqa: PLC0415 -- same
    from hub.policy.verdict import Refusal  # noqa: PLC0415 -- same

    context = workspace()
    manifest = context.manifest
    held = frozenset(name for name, table in manifest.tables.items() if table.persons is not None)
    query = parse(sql, manifest.catalogue, held)
    if isinstance(query, QueryRefusal):
        return sentence(query.why)
    spec = read(query, manifest)
    if isinstance(spec, Refusal):
        return sentence(spec.reason)
    seen = foresee(spec, context.rules, rho, within=within)
    if isinstance(seen, Refusal):
        return sentence(seen.reason)
    told = to_json(seen, context.rules)
    return {"text/html": html_preview(told, language()), "text/plain": "\n".join(lines(told, language()))}
