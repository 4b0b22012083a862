"""Status, history, differences, outputs and settings as text."""
