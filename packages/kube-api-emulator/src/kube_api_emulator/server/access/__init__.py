"""Identities, roles and permissions of one cluster."""
