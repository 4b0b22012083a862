"""Shell completion of environments, stacks, releases and gates.

Begin with `candidates.py`. Out of scope: the scripts for shells, which are in `cli/shell_completion.py`.
"""
