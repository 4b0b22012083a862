"""Releases: contents, bundles, rendered root modules and differences between two releases.

`rendering/` writes root modules, `comparison/` compares releases, and `place.py` has backend and providers.

Begin with `bundle.py`: `Wiring`, `Release`, `pack`; then `rendering/root_module.py`: `render_root_module`.
Out of scope: the making of a release from files (`usecases/project/working_tree.py`), and its storage.
"""
