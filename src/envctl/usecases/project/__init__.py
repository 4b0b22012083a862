"""Loading, formatting and creation of projects."""
