"""Stacks of all kinds behind one port.

Begin with `stack_drivers.py`: `StackDrivers`. Out of scope: the drivers themselves.
"""
