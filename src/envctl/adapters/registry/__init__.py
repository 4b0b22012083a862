"""Registries of container images: Amazon ECR through boto3, all others through the distribution API of OCI."""
