"""Colors, traffic and steps of a rollout.

Begin with `traffic.py`: `list_step_weights`. Out of scope: the run of a rollout (`usecases/deployment/rollout/`).
"""
