"""What was released before: fingerprints of tables, how their cells hang together, and what they tell together."""
