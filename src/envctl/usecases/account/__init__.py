"""Checks and changes in the AWS account of an environment: access, buckets, images and secrets.

Begin with `account_check.py`: `require_account`. Out of scope: resources that Terraform manages.
"""
