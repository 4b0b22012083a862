"""Consoles and files for the output of commands, and its redaction."""
