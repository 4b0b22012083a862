"""Adapters to the project folder and the working directories below `.envctl/`.

Begin with `workspace.py`: `DirectoryWorkspace`. Out of scope: the contents that are written (`domain/release/`).
"""
