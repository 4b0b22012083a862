"""Read-only commands, without ledger entries."""
