"""One module per risk. Each reads evidence and rules, and answers findings: pass, review or fail."""
