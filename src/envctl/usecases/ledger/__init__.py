"""Reads the ledger, appends to it, signs it, and checks whose store it is."""
