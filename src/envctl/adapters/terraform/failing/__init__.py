"""What went wrong, as problems that a person can act on."""
