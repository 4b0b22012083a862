"""Options and arguments that several commands share.

Begin with `global_options.py`: `Options`. Out of scope: options of one command, which are in its file.
"""
