"""Which stacks run, in which order, and how many at once."""
