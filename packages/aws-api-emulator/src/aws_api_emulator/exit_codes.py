"""Exit codes of a server that has not started."""

ALREADY_RUNNING = 3
PORT_IN_USE = 4
