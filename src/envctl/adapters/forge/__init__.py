"""Forges, the hosts of the code: GitHub and GitLab, and servers with the same API."""
