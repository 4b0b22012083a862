"""Credentials for AWS: their origin, exchange, cache and faults."""
