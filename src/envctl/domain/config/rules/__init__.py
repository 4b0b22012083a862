"""What an environment asks of a change, as values: its rules, and the windows in which it may change."""
