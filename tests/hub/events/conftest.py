"""What the tests of the log share."""

from tests.databases import postgresql, where

__all__ = ["postgresql", "where"]
