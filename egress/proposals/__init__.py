"""Patterns of suppression that other programs propose, each in a process of its own. They decide nothing."""
