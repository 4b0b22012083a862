"""Registries of container images: Amazon ECR through boto3, all others through the OCI distribution API."""
