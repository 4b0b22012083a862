"""AWS accounts: access, buckets, and the secrets named in settings."""
