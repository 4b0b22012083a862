"""Settings of an environment: typed, resolved and compared.

Begin with `resolution.py`: `resolve_settings`. Out of scope: the files of settings, which are read in `adapters/hcl/`.
"""
