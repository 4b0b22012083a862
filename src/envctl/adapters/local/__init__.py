"""This machine: its clock, its user, its git, what it remembers of the ledger, and what lies in the package."""
