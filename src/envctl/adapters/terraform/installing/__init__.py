"""Providers and `terraform init`: fetched once, installed side by side, and only where something has changed."""
