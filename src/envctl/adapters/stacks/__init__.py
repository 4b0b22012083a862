"""Stacks of all kinds behind one port."""
