"""Commands that change an environment."""
