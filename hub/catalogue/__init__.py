"""Data sources as their holder describes and signs them: tables, columns, bounds, categories."""
