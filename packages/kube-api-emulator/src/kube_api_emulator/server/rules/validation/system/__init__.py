"""The checks of kinds that administrators and controllers write."""
