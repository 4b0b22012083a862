"""What to type next for an environment."""
