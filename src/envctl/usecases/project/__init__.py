"""The working tree of a project: loads it, formats it, starts a new one."""
