"""What a table loses before it leaves: suppressed cells, primary and secondary, and rounded numbers."""
