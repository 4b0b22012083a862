"""Approvals and answers of guards in words."""
