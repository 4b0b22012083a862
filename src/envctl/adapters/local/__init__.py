"""This machine: its clock, its user, its git, and what it remembers of the ledger."""
