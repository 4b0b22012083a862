"""Approvals of plans and of rules, locks and holds, and the reasons for a refusal.

Begin with `approve.py`: `approve_plan`; then `explain_refusal.py`. Out of scope: the guards (`domain/guards/`).
"""
