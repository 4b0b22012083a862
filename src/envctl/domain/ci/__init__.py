"""Workflows for GitHub and GitLab, and the split of work across CI jobs.

Begin with `github_workflow.py`; for the split, `shard_planner.py`. Out of scope: the run of a job (`cli/ci/`).
"""
