"""Protocols of everything outside the use cases.

Begin with `core.py`, then `terraform.py`. Out of scope: adapters; `cli/wiring/container.py` says which one is used.
"""
