"""Runs of `terraform init`: only if its inputs or results have changed, and on a plugin cache that all stacks share.

`init_stamp.py` recognizes an init without changes. `plugin_cache.py` gives each stack a view of the cache.

Begin with `init_runner.py`: `InitRunner.ensure_initialized`; then `provider_install.py`: `ProviderInstall`.
Out of scope: the choice of versions, which is Terraform's own.
"""
