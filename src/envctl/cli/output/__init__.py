"""Consoles and files that a command writes to, and the redaction before each of them."""
