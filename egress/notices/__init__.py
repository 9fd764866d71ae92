"""What open workspaces are told: facts of their own, one way, in a folder that they can only read."""
