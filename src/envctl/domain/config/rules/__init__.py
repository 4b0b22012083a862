"""What an environment asks of a change: gates, windows and the document of all rules."""
