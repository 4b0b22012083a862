"""Promotion for Terraform."""

__version__ = "0.1.0"

DISTRIBUTION = "envctl-promotion"
"""The name for pip: `envctl` on the package index is another project."""
