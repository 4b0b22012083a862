"""The selection of stacks, and their concurrent execution in order of their dependencies."""
