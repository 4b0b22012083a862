"""Pure rules: no I/O, no clock, nothing that prints."""
