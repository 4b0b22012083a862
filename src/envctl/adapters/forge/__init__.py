"""Forges, the hosts of the code: GitHub and GitLab, and servers with the same API.

Begin with `rest.py`: `Rest`; then `github.py`. Out of scope: texts of comments, which are in `cli/ci/`.
"""
