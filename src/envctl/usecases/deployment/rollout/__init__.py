"""Moves traffic in steps, watches alarms, and moves it back."""
