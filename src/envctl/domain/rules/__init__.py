"""The document of an environment's rules, as recorded by the ledger, and differences between two documents.

Begin with `document.py`: `RulesDocument`. Out of scope: the guard of changed rules (`domain/guards/rules.py`).
"""
