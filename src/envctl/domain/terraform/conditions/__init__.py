"""Conditions of `validation` blocks, evaluated without Terraform.

The evaluation is exact or raises UncertainError: a value is refused only if every version of Terraform and OpenTofu
refuses it too. Everything else is left to Terraform.
"""
