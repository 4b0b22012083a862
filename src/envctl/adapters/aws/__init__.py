"""Adapters for AWS services, called through boto3."""
