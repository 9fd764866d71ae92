"""News by e-mail: that there is some, on which request or import, and where to read it. Nothing else leaves so."""
