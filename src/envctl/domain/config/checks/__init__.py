"""The table `[checks]`: kinds of checks, and their URLs."""
