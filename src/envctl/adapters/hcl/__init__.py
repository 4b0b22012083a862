"""Readers of settings files and of Terraform modules: assignments and declarations.

E201 a syntax error · E202 a settings value that is not literal · E212 a wrong declaration in a module

Begin with `source.py`: `load_source`; then `module.py`. Out of scope: evaluation, except of paths (`paths.py`).
"""
