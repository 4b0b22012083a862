"""Projection of the ledger: applies events in order, and yields the state of all environments."""
