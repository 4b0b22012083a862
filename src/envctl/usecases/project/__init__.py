"""Loading, formatting and creation of projects; `ci/` writes the files of CI systems, `settings/` loads settings.

Begin with `environment_selection.py`: `load_context`; then `working_tree.py`: `build_release`.
Out of scope: access to the folder (`adapters/workspace/`).
"""
