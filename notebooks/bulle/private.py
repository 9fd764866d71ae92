"""bulle.release_ols and bulle.release_synthetic: declare a private release that is no SQL table, and show its cost.

No row is read for it: what a draw would tell is the enclave's to draw, after its rho is reserved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from bulle.cell import attempt, display_bundle, is_rerun, sentence, under, would_not_count
from bulle.reader import language
from egress.outputs.arguments import private_argument_problem, to_emitted_private
from egress.outputs.private import (
    PRIVATE_MIME,
    DeclaredPrivate,
    PrivateKind,
    declared_private,
    to_payload,
)
from hub.words import Message


def release_ols(  # noqa: PLR0913 -- what is regressed on what, and the words of every declaration
    name: str,
    *,
    table: str,
    outcome: str,
    predictors: Sequence[str],
    where: str | None = None,
    title: str = "",
    rho: float | Decimal | str | None = None,
) -> None:
    """Declare a linear regression with noise for release under `name`, and show its cost and accuracy.

    `outcome` and `predictors` are columns of one table; `where` is a condition in SQL on its rows. Numbers are cut at
    their published bounds; a category is told against the first published one. Write the arguments as literals, in a
    statement of its own: only then does a declaration count. Nothing is drawn here, and no row is read.
    """
    words = {"table": table, "outcome": outcome, "predictors": predictors, "where": where}
    display_bundle(declared(PrivateKind.OLS, {"name": name, **words, "title": title, "rho": rho}, would_not_count))


def release_synthetic(  # noqa: PLR0913 -- as release_ols
    name: str,
    *,
    table: str,
    columns: Sequence[str],
    rows: int,
    algorithm: str = "fixed",
    title: str = "",
    rho: float | Decimal | str | None = None,
) -> None:
    """Declare rows drawn from a noisy model of a table for release under `name`, and show what they would cost.

    Each row is nobody's: the rows are for developing a program outside. Columns have published categories or bounds,
    and leave in the catalogue's order; `rows` is a round number. `algorithm` is "fixed", or "aim" or "mst" where the
    rules of the data holder allow them. Write the arguments as literals, in a statement of its own: only then does a
    declaration count. The rules may not allow it at all; where they do, people look at it first.
    """
    words = {"table": table, "columns": columns, "rows": rows, "algorithm": algorithm}
    display_bundle(
        declared(PrivateKind.SYNTHETIC, {"name": name, **words, "title": title, "rho": rho}, would_not_count)
    )


def declared(kind: PrivateKind, arguments: dict[str, Any], doubt: Callable[[], Message | None]) -> dict[str, Any]:
    """The MIME bundle of one call: the declaration beside what its author sees; empty when a re-run says nothing."""
    problem = private_argument_problem(kind, arguments)
    if problem is not None:
        return {} if is_rerun() else sentence(problem[1])
    one = declared_private(kind, arguments, 0)
    payload = {PRIVATE_MIME: to_payload(to_emitted_private(kind, one.name, one.arguments, one.title, one.rho))}
    return payload if is_rerun() else {**payload, **under(doubt(), attempt(lambda: _preflight(one)))}


def _preflight(one: DeclaredPrivate) -> dict[str, Any]:
    from bulle.dp import private  # noqa: PLC0415 -- the privacy packages, which a re-run does not need
    from bulle.judge import PREVIEWED  # noqa: PLC0415 -- same
    from bulle.preflight import shown, workspace  # noqa: PLC0415 -- same

    return shown(private(one, workspace(), PREVIEWED), language())
