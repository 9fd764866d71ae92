"""Which nodes of a syntax tree are aggregates."""

from __future__ import annotations

from sqlglot import exp


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a result column holds an aggregate anywhere."""
    return any(
        isinstance(part, exp.AggFunc | exp.Filter | exp.WithinGroup)
        or (isinstance(part, exp.Anonymous) and part.name.lower() == "mean")
        for part in node.walk()
        if not isinstance(part, exp.Least | exp.Greatest)
    )
