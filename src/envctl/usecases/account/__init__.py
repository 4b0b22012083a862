"""Questions to the account of an environment: access, buckets, images and secrets."""
