"""What a plan means: changes, fingerprint, causes, drift and cost."""
