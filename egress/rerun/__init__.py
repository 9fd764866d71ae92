"""The re-run of a frozen notebook: a plan as a value, what runs it, and what came out."""
