"""The hostile suite against the running enclave: a table of attempts, what stops each, and what the log says of it."""
