"""Consoles and files for the output of commands, and its redaction.

Begin with `redaction.py`: `Redaction`. Out of scope: what is written, which is in `cli/render/`.
"""
