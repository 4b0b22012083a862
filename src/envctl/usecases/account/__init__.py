"""Checks and changes in the AWS account of an environment: access, buckets, images and secrets."""
