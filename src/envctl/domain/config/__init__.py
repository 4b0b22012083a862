"""The tables of `envctl.toml` as validated values.

Begin with `project.py`: `Project`, `Environment`; then `gates.py`: `Gates`.
Out of scope: reading TOML, and the line of a key (`adapters/toml/`).
"""
