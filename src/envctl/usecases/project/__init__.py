"""Loading, formatting and creation of projects; `ci/` writes the files of CI systems.

Begin with `environment_selection.py`: `load_context`; then `environment_settings.py`: `load_settings`.
Out of scope: access to the folder (`adapters/workspace/`).
"""
