"""Extracts: from a permit to a plan, from a plan to sealed Parquet tables with a manifest."""
