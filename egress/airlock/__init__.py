"""The airlock: the only rooms that move an output. `desk` is what people do, `conductor` what the machine does."""
