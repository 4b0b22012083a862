"""Stores of releases and of the ledger: a folder or an S3 bucket, both through obstore.

Begin with `object_store.py`: `ObstoreStore`. Out of scope: keys and documents (`usecases/ledger/ledger_store.py`).
"""
