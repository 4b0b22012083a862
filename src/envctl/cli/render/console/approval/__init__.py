"""Approvals, guards, rules and locks as text."""
