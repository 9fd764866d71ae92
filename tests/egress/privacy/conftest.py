"""What the tests of the ledger share."""

from tests.databases import postgresql, where

__all__ = ["postgresql", "where"]
