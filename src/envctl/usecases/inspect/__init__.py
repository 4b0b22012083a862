"""Commands that show something and record nothing."""
