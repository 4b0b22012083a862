"""The document of an environment's rules, as recorded by the ledger, and differences between two documents."""
