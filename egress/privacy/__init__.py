"""Differential privacy: what a DP release costs, the release itself, the price of an exact table, the ledger."""
