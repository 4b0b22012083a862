"""Workflows for GitHub and GitLab, and the split of work across CI jobs."""
