"""Markdown pages within the size limits of GitHub."""
