"""Rules of the Terraform language: types, literals, variables, versions and the lock file.

Begin with `variables.py`: `parse_type`, `Variable`; then `conversion.py`: `convert_value`.
Out of scope: parsing HCL (`adapters/hcl/`). `conditions/` evaluates `validation` blocks without Terraform.
"""
