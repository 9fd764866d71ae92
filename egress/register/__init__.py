"""The public register: what anybody may know of the enclave, as files that a process without data writes."""
