"""Who may open what: policy, catalogue, extracts, the event log, sessions and the JupyterHub that carries them."""
