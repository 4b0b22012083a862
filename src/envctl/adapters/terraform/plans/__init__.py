"""Saved plans: their files, their documents, and the conversion to domain types."""
