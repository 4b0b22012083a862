"""Approvals of plans and of rules, and the reasons for a refusal."""
