"""The selection of stacks, and their concurrent execution in order of their dependencies.

Begin with `dag_runner.py`: `run_stack_jobs`. Out of scope: limits of the machine (`adapters/terraform/scheduler/`).
"""
