"""Stores of releases and of the ledger: a folder or an S3 bucket, both through obstore."""
