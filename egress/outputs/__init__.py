"""What stands in a rendered notebook, read as hostile input: bytes to frozen values. Pure."""
