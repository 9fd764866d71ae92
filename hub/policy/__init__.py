"""Permits, persons, rules and the decisions that follow from them: frozen values and pure functions."""
