"""Registries of container images: Amazon ECR through boto3, all others through the OCI distribution API.

Begin with `registries.py`: `Registries`. Out of scope: building images.
"""
