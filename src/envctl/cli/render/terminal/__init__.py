"""Text, columns, times and commands for terminal output."""
