"""A run of many CI jobs as text."""
