"""What stands in files that somebody wants brought in: kind, archives, code nobody can read, identifiers."""
