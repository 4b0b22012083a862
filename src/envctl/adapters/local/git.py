"""The VersionControl port over git."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from envctl.usecases.project_ports import Revision


class Git:
    def __init__(self, project: Path) -> None:
        self._project = project

    def revision(self, paths: Sequence[str]) -> Revision:
        """Without git or outside of a repository: no commit, and uncommitted."""
        head = ask(self._project, "log", "-1", "--no-show-signature", "--format=%H %ae")
        if not head:
            return Revision()
        commit, _, author = head.partition(" ")
        # Paths that are gone are asked for too: git knows whether they were ever committed.
        status = ask(
            self._project, "--literal-pathspecs", "status", "--porcelain", "--untracked-files=normal", "--", *paths
        )
        return Revision(commit, author, uncommitted=status is None or bool(status))

    def folder(self) -> str | None:
        found = ask(self._project, "rev-parse", "--show-prefix")
        return None if found is None else found.rstrip("/")


def ask(project: Path, *arguments: str) -> str | None:
    """What git says in that folder; None where there is no git, or it has no answer."""
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607
            cwd=project,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
