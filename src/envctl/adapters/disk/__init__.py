"""Access to files that users may have made: safe reads and writes, and errors of the disk.

Begin with `files.py`: `open_file`. Out of scope: which files a project has (`adapters/workspace/`).
"""
