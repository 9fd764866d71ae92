"""The privacy budget for people: who sees what of it, its statement, and what a project may be granted."""
