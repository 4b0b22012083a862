"""Runs the checks of a deployment, one file per kind, and the programs of the team for checks and costs.

Begin with `check_runner.py`: `RUNNER_BY_KIND`. Out of scope: the tables of checks (`domain/config/checks/`).
"""
