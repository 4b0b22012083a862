"""Runs the checks of a deployment, one file per kind, and the programs of the team for checks and costs."""
