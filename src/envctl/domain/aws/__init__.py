"""Rules about AWS accounts: buckets, and the secrets that settings name."""
