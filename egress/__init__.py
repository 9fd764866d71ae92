"""What may leave the enclave, and the only way out."""
