"""The release package: what leaves, and nothing else. The same decision gives the same bytes."""
