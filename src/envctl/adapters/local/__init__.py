"""Adapters to this machine: clock, user, git, head cache and packaged templates."""
