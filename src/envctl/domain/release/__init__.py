"""Releases: contents, bundles, rendered root modules and differences between two releases."""
