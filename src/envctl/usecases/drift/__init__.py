"""Detection, recording and repair of drift.

Drift invalidates a verification, so it is recorded. A stack without an answer is never clean.

Begin with `drift.py`: `check_drift`. Out of scope: the meaning of a difference (`domain/plan/drift.py`).
"""
