"""Selectors of lists and watches."""
