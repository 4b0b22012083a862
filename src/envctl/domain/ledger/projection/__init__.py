"""Applies the events of the ledger, one after the other: the result is the state of all environments."""
