"""The ledger as values: entries, events, signatures, checkpoints, and the projected state.

An entry holds one event, and its bytes never change. The present is a fold of all entries, in `projection/`.

Begin with `events.py` for what can happen; then `projection/apply_entries.py`: `apply_entries`, and `state.py`.
Out of scope: reading and appending, which is in `usecases/ledger/`.
"""
