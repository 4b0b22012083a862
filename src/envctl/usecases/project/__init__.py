"""Loading, formatting and creation of projects; `ci/` writes the files of CI systems.

Begin with `load.py`: `load_project`, `load_settings`. Out of scope: access to the folder (`adapters/workspace/`).
"""
