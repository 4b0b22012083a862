"""The tables `[providers.*]` of the project and of its stacks."""
