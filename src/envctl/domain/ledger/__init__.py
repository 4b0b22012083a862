"""The ledger as values: entries, events, signatures, checkpoints, and the state that follows from them."""
