"""Protocols of everything outside the use cases."""
