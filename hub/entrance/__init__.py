"""The pages before the projects: logging in, the second factor, what people sign. No script but our own file."""
