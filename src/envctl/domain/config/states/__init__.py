"""The table `[state]`: backends, and the place of each state."""
