"""What an interrupted deployment left, and how it is closed."""
