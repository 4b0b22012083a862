"""The ledger in the store: reading, appending, signing, and the owner of the store."""
