"""bulle.release_chart: declares a chart over a declared table, and shows it drawn of that table as it would leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from egress.outputs.arguments import chart_argument_problem
from egress.outputs.charts import CHART_MIME, DeclaredChart, declared_chart, emitted_chart, to_payload
from hub.words import Message, say

_OURS = ("mark", "encoding")


def release_chart(name: str, table: str, chart: Any, *, title: str = "") -> None:
    """Declare a chart for release under `name`, over the table that `bulle.release` declared as `table`.

    `chart` is Vega-Lite as a dict: a mark, and columns of the table on its channels. Write the arguments as literals,
    in a statement of its own: only then does a declaration count. An Altair chart is taken as well, and answered with
    the dict to write. The enclave draws it from the table as it leaves; it leaves with that table or not at all.
    """
    display_bundle(declared({"name": name, "table": table, "chart": spelled(chart), "title": title}, would_not_count))


def spelled(chart: Any) -> str:
    """A dict, a JSON text or an Altair chart as the JSON text that is declared; what it is none of stays unreadable."""
    if isinstance(chart, str):
        return chart
    try:
        made = chart if isinstance(chart, dict) else _of_altair(chart)
        return json.dumps(made, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, AttributeError, RecursionError):
        return ""


def declared(arguments: dict[str, Any], doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; empty when a re-run says nothing."""
    problem = chart_argument_problem(arguments)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    one = declared_chart(arguments, 0)
    payload = {CHART_MIME: to_payload(emitted_chart(one.name, one.table, one.chart, one.title))}
    if is_rerun():
        return payload
    why, shown = doubt(), attempt(lambda: _shown(one))
    return {**payload, **under(why, under(_written_out(one) if why else None, shown))}


def _of_altair(chart: Any) -> dict[str, Any]:
    """What of an Altair chart may count; its data, its address of a schema and its theme are left out."""
    made = chart.to_dict(validate=False)
    return {name: made[name] for name in made if name in _OURS}


def _written_out(one: DeclaredChart) -> Message:
    return say("Written out, this chart is: {chart}", chart=json.dumps(one.chart.to_vega(), ensure_ascii=False))


def _shown(one: DeclaredChart) -> dict[str, Any]:
    """The picture of the table as it would leave beside the others of this notebook."""
    from bulle.preflight import leaving  # noqa: PLC0415 -- the engine, which a re-run does not need
    from egress.charts.vega import VERSION, drawing, misfit  # noqa: PLC0415 -- same

    table = leaving(one.table)
    if table is None:
        return sentence(
            say(
                "The chart {name} is declared; the enclave draws it of {table} as that leaves. Here it is drawn when "
                "that table is known: declared above in Python, not refused and without noise still to be drawn.",
                name=one.name,
                table=one.table,
            )
        )
    wrong = misfit(one.chart, table)
    if wrong is not None:
        return sentence(wrong)
    from vl_convert import vegalite_to_svg  # noqa: PLC0415 -- a browser's engine, only where a chart is drawn

    svg = vegalite_to_svg(drawing(one.chart, table, one.title), vl_version=VERSION, allowed_base_urls=[])
    told = sentence(say("The chart {name}, drawn of {table} as it would leave:", name=one.name, table=one.table))
    return {**told, "text/html": f"{told['text/html']}\n{svg}"}
