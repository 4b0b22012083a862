"""The commands, one a file, in packages by theme.

`cli/boundary.py` runs a command, prints its result, and ends with the exit code. `cli/command_table.py` lists all.

Begin with `deployment/promote.py`, the shortest way from a command line to a use case.
Out of scope: decisions (`usecases/`), and text (`cli/render/`).
"""
