"""The ledger as values: entries, events, signatures, checkpoints, and the projected state."""
