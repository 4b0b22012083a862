"""The meaning of a plan: changes, fingerprint, causes, drift and cost.

Begin with `changes.py`: `StackPlan`; then `fingerprint.py`. Out of scope: Terraform's plans (`adapters/terraform/`).
"""
