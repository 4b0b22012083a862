"""The HTML report: one file without scripts or external resources."""
