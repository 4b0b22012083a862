"""A Markdown page: its pieces, and what is left out where room is short."""
