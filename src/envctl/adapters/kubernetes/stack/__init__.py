"""One stack in its cluster: plan, apply, wait, and compare."""
