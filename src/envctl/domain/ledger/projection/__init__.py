"""Projection of the ledger: applies events in order, and yields the state of all environments.

Begin with `apply_entries.py`. `evidence.py` has verifications and drift, which revokes them; `approvals.py` those of
releases and rules; `release_matrix.py` shows the state by release.
"""
