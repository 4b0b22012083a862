"""Adapters for AWS services, called through boto3.

Begin with `s3_buckets.py`: `S3Buckets`. Out of scope: the store (`adapters/store/`), and calls of Terraform.
"""
