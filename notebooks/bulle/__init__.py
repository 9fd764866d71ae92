"""What researchers import: declare an output for release and see, before anybody else does, what the rules say of it."""
