"""Adapters to this machine: clock, user, git, head cache and packaged templates.

Begin with `machine.py`. Out of scope: the project folder (`adapters/workspace/`).
"""
