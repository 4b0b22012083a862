"""The VersionControl port over git."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from envctl.usecases.ports import Revision


class Git:
    def __init__(self, project: Path) -> None:
        self._project = project

    def revision(self, paths: Sequence[str]) -> Revision:
        """Without git or outside of a repository: no commit, and uncommitted."""
        head = self._git("log", "-1", "--no-show-signature", "--format=%H %ae")
        if not head:
            return Revision()
        commit, _, author = head.partition(" ")
        # Paths that are gone are asked for too: git knows whether they were ever committed.
        status = self._git("--literal-pathspecs", "status", "--porcelain", "--untracked-files=normal", "--", *paths)
        return Revision(commit, author, uncommitted=status is None or bool(status))

    def _git(self, *arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments],  # noqa: S607
                cwd=self._project,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None
