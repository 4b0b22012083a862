"""The settings of an environment from the working tree, and what fills them.

Begin with `environment_settings.py`: `load_settings`. Out of scope: their meaning (`domain/settings/`).
"""
