"""The ledger in the store: reading, appending, signing, and the owner of the store.

Begin with `journal.py`: `load`, `append`. Out of scope: the meaning of entries, which is in `domain/ledger/`.
"""
