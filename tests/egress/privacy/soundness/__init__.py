"""What is unsound in OpenDP 0.16, and what DP tools get wrong, tried through Bulle's own doors."""
