"""The document of all rules that the ledger records, and what differs between two of them."""
