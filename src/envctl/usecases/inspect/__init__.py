"""Read-only commands: a file each, and a folder for `envctl doctor`.

Begin with `status.py`: `load_status`. Out of scope: drift (`usecases/drift/`), and `why` (`usecases/approval/`).
"""
