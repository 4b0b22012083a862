"""Commands for runs split across CI jobs."""
