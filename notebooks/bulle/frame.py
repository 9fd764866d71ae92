"""bulle.release_frame: declares a table that pandas made, with the microdata behind it as its evidence."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from decimal import Decimal
from itertools import chain, combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from bulle.reader import language
from egress.outputs.arguments import frame_argument_problem
from egress.outputs.claimed import FRAME_MIME, FRAME_SCHEMA, Claimed, ClaimedMeasure, FrameWords, Scalar
from egress.outputs.claims import words_of
from egress.outputs.frames import read_frame
from hub.words import Message, say

if TYPE_CHECKING:  # `import bulle` stays quick
    import pandas as pd

    from bulle.microdata import Microdata
    from egress.query.evidence import Evidence
    from egress.query.table import Table

MAX_MARGINS = 6  # keys with totals: 64 grouping sets


def release_frame(  # noqa: PLR0913 -- the words of pandas.pivot_table, all but two of them optional
    name: str,
    frame: pd.DataFrame | pd.Series[Any],
    *,
    units: str | None = None,
    by: str | list[str] | None = None,
    values: str | None = None,
    agg: str | list[str] | None = None,
    microdata: pd.DataFrame | None = None,
    title: str = "",
    protect: str = "suppress",
    margins: bool = False,
) -> None:
    """Declare a table by pandas for release under `name`, and show what the rules say of it.

    `frame` holds the microdata, one row or several per person in column `units`; or it is a result of crosstab,
    pivot_table or groupby, with the microdata beside it. `by` names the keys (default: those of the result), `values`
    a column of numbers, `agg` one or several of rows, persons, count, sum, mean, std, median. Write all but the data
    as literals. A table that the enclave did not compute itself always goes to people.
    """
    words: dict[str, Any] = {"name": name, "units": units, "by": by, "values": values, "agg": agg, "title": title}
    words |= {"protect": protect, "margins": margins}
    display_bundle(declared_frame(words, frame, microdata))


def declared_frame(arguments: dict[str, Any], frame: Any, microdata: Any) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees, or one sentence."""
    problem = frame_argument_problem(arguments)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    payload: dict[str, Any] = {}

    def shown() -> dict[str, Any]:
        made, differences = _payload(words_of(arguments), frame, microdata)
        payload.update(made)
        return {} if is_rerun() else _preflight(made, differences)

    pictured = attempt(shown)
    if is_rerun():
        return {FRAME_MIME: payload} if payload else {}
    return {**({FRAME_MIME: payload} if payload else {}), **under(would_not_count(), pictured)}


def _payload(words: FrameWords, frame: Any, microdata: Any) -> tuple[dict[str, Any], int]:
    """What is declared, and in how many cells a result that was handed in differs from it. Raises: FrameError."""
    from bulle.microdata import FrameError, microdata_of, names_of  # noqa: PLC0415 -- pandas, when there is a frame
    from bulle.results import differences  # noqa: PLC0415 -- see above

    keys = words.by or (names_of(frame) if microdata is not None else ())
    if words.margins and len(keys) > MAX_MARGINS:
        raise FrameError(say("Totals stand in tables of at most {most} keys.", most=MAX_MARGINS))
    data = microdata_of(frame if microdata is None else microdata, words, keys)
    measures = _measures(words, data)
    table, evidence = _computed(words, data, measures)
    claimed = {
        "schema": FRAME_SCHEMA,
        **asdict(words),
        "by": list(words.by),
        "agg": list(words.agg),
        "keys": list(keys),
        "measures": [asdict(measure) for measure in measures],
        "rows": list(_rows(table, evidence, len(keys))),
        "evidence": [
            {
                "grouping": list(cell.grouping),
                "rows": cell.rows,
                "persons": cell.persons,
                "measures": [None if known is None else _facts(asdict(known)) for known in cell.measures],
            }
            for cell in evidence.cells
        ],
    }
    if read_frame(claimed) is None:
        raise FrameError(say("This table has no form that can be declared."))
    return claimed, differences(frame, keys, claimed["rows"]) if microdata is not None else 0


def _measures(words: FrameWords, data: Microdata) -> tuple[ClaimedMeasure, ...]:
    from egress.query.names import distinct_name  # noqa: PLC0415 -- see above

    taken = list(data.keys)
    measures = []
    for agg in words.agg:
        counts = agg in {"rows", "persons"}
        plain = {"rows": "n", "persons": "persons"}.get(agg, f"{agg}_{words.values}"[:60])
        taken.append(distinct_name(plain, taken))
        of = None if counts else words.values
        measures.append(ClaimedMeasure(taken[-1], agg, of, data.binary and not counts, data.whole and not counts))
    return tuple(measures)


def _computed(words: FrameWords, data: Microdata, measures: tuple[ClaimedMeasure, ...]) -> tuple[Table, Evidence]:
    """The table and its evidence by the engine that recomputes releases. Raises: EngineError."""
    from egress.frames import frame_query  # noqa: PLC0415 -- see above
    from egress.query.engine import Engine  # noqa: PLC0415 -- see above

    bare = Claimed(words.name, "", words.protect, "frame", "", data.keys, measures, ())
    every = tuple(range(len(data.keys)))
    sizes = range(len(every), -1, -1) if words.margins else (len(every),)
    groupings = tuple(chain.from_iterable(combinations(every, size) for size in sizes))
    query = replace(frame_query(bare, units=words.units), groupings=groupings)
    with tempfile.TemporaryDirectory(prefix="bulle-frame-") as folder:
        manifest = data.written(Path(folder), words)
        with Engine(Path(folder), manifest) as engine:
            return engine.table(query), engine.evidence(query)


def _rows(table: Table, evidence: Evidence, keys: int) -> Iterator[list[Scalar]]:
    for row, cell in zip(table.rows, evidence.cells, strict=True):
        labels = [row[at] if at in cell.grouping else None for at in range(keys)]
        yield [*(_scalar(label) for label in labels), *(_scalar(value) for value in row[keys:])]


def _facts(known: dict[str, Any]) -> dict[str, Scalar]:
    return {name: _scalar(value) for name, value in known.items() if isinstance(value, bool | int | float | Decimal)}


def _scalar(value: Any) -> Scalar:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 62:
        return float(value)
    return value if isinstance(value, bool | int | str) else None


def _preflight(payload: dict[str, Any], differences: int) -> dict[str, Any]:
    from bulle.judge import judged_of  # noqa: PLC0415 -- the engine, which a re-run does not need here
    from bulle.preflight import shown, workspace  # noqa: PLC0415 -- see above
    from egress.frames import assess_on  # noqa: PLC0415 -- see above
    from egress.query.engine import Engine  # noqa: PLC0415 -- see above

    emitted = read_frame(payload)
    if emitted is None:
        return sentence(say("This table has no form that can be declared."))
    context = workspace()
    with Engine(context.folder, context.manifest) as engine:
        judged = judged_of(assess_on(engine, emitted.claimed, context.rules))
    notes: tuple[Message, ...] = ()
    if differences:
        notes = (
            say(
                "{cells} cells of the frame differ from what its microdata give; this table would leave.",
                cells=differences,
            ),
        )
    return shown(replace(judged, notes=notes), language())
