"""What to type next for an environment.

Begin with `find_step.py`: `find_next_steps`. Out of scope: hints of errors, which are where an error is made.
"""
