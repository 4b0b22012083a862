"""Asks the world whether a deployment works, one file a kind of probe; and what a plan costs: programs of the team's
are run for both.
"""
