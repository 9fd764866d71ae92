"""SQL as researchers write it becomes a frozen Query; every statement that runs is generated from that value."""
