"""The meaning of a plan: changes, fingerprint, causes, drift and cost."""
