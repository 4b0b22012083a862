"""Results as JSON documents, and the ledger as JSON lines or CSV."""
