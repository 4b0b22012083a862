"""Stacks removed from a project or renamed: their code, settings and states."""
