"""Runs shared by many CI jobs: matrix, shard and collect.

Begin with `matrix.py`: `begin_matrix_run`. Out of scope: the balance of the jobs (`domain/ci/shard_planner.py`).
"""
