"""Commands of a run that many CI jobs share."""
