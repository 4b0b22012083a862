"""Approvals, the approval of other rules, and why a promotion is refused."""
