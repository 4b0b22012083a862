"""The files with the AWS profiles of a machine."""

PROFILE_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
"""Usual paths, by the variable that names another one."""
