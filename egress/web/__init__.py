"""Pages: a researcher's requests, an output checker's queue and review. They ask the desk and move nothing."""
