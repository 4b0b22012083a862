"""Workflows for GitHub and GitLab, and how work is shared out among jobs."""
