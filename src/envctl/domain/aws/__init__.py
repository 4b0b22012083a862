"""AWS accounts: access, buckets, and the secrets named in settings.

Begin with `access.py`: `build_credentials_spec`. Out of scope: calls of AWS, which are in `adapters/aws/`.
"""
