"""Releases: contents, bundles, rendered root modules and differences between two releases.

`place/` resolves where Terraform works, `rendering/` writes root modules, and `comparison/` compares releases.

Begin with `wiring.py`: `Wiring`; then `bundle.py`: `Release`, `pack`, and `rendering/root_module.py`.
Out of scope: the making of a release from files (`usecases/project/working_tree.py`), and its storage.
"""
