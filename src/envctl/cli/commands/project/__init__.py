"""Commands for project files, and for buckets, secrets and the sandbox."""
