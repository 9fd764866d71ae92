"""Table, where checks and everything above them look for it; queries make it, so it is written on their floor."""

from egress.query.table import TOTAL, Table, Value, plain

__all__ = ["TOTAL", "Table", "Value", "plain"]
