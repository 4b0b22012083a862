"""Text for people that knows nothing of the field: durations, lists, suggestions."""
