"""Settings of an environment: typed, resolved and compared."""
