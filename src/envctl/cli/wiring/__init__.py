"""The composition root: adapters and the ports that they implement.

Begin with `container.py`: `open_ports`. Out of scope: behavior; an adapter or a use case has it.
"""
