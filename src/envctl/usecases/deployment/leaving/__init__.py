"""Stacks that leave a project or get another name: their code, settings and states."""
