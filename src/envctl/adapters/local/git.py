"""The VersionControl port over git."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from envctl.adapters.disk.paths import real_path
from envctl.usecases.ports.project import Revision

MOST = 1000
"""Commits of one release that are looked at."""
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_NAMES = "--format=%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly,unfold)"
_IN_BRACKETS = re.compile(r"<([^<>]+)>\s*$")


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
            self._project,
            "--literal-pathspecs",
            "status",
            "--porcelain",
            "--untracked-files=normal",
            "--",
            *_followed(self._project, paths),
        )
        return Revision(commit, author, uncommitted=status is None or bool(status))

    def contributors(self, since: str) -> Sequence[str]:
        """Without the history back to `since`, as in a job that fetched one commit, those of the last commit alone."""
        before = since if _COMMIT.fullmatch(since) else "HEAD^1"
        ranges = (("HEAD", "--not", before), ("HEAD", "--not", "HEAD^1"), ("-1", "HEAD"))
        for each in ranges:
            if found := self._list_names(*each, "--"):
                return found
        return ()

    def writers(self, path: str, since: str) -> Sequence[str]:
        """Without the history back to `since`, those of the last change that was fetched."""
        known = [("HEAD", "--not", since)] if _COMMIT.fullmatch(since) else []
        for each in (*known, ("-1", "HEAD")):
            if (found := self._list_names(*each, "--", path)) is not None:
                return found
        return ()

    def _list_names(self, *commits: str) -> tuple[str, ...] | None:
        """Returns each author, committer and co-author of these commits once; None where git can't tell."""
        words = ("log", f"--max-count={MOST}", "--no-show-signature", _NAMES, *commits)
        found = ask(self._project, "--literal-pathspecs", *words)
        if found is None:
            return None
        return tuple(dict.fromkeys(_address(line) for line in found.splitlines() if line.strip()))

    def is_behind(self, commit: str) -> bool | None:
        """False without git, and for a commit that no fetched branch has."""
        if not _COMMIT.fullmatch(commit):
            return False
        # One commit of its own is enough to know: the whole history need not be counted.
        own = ask(self._project, "rev-list", "--count", "--max-count=1", "HEAD", "--not", commit, "--")
        if own is None:
            return None if ask(self._project, "rev-parse", "--is-shallow-repository") == "true" else False
        return own == "0" and ask(self._project, "rev-parse", "HEAD") != commit

    def folder(self) -> str | None:
        found = ask(self._project, "rev-parse", "--show-prefix")
        return None if found is None else found.rstrip("/")


def _address(line: str) -> str:
    found = _IN_BRACKETS.search(line)
    return (found[1] if found else line).strip()


def _followed(project: Path, paths: Sequence[str]) -> list[str]:
    """Each path, and where links on its way lead: git asks nothing that lies beyond a link, and says so with an error.
    The link itself is asked for as well.
    """
    top, found = real_path(project), dict[str, None]()
    for path in paths:
        try:
            real = real_path(top / path)
        except OSError:
            real = top / path
        if real == top / path or not real.is_relative_to(top):
            found[path] = None
            continue
        found[os.fspath(real.relative_to(top))] = None
        on_the_way = [*reversed((top / path).relative_to(top).parents), Path(path)]
        link = next((each for each in on_the_way if (top / each).is_symlink()), None)
        if link is not None:
            found[os.fspath(link)] = None
    return list(found)


def ask(project: Path, *arguments: str) -> str | None:
    """What git says in that folder; None where there is no git, or it has no answer."""
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607
            cwd=project,
            capture_output=True,
            encoding="utf-8",
            # An author's name and the paths of a repository may be in another encoding.
            errors="replace",
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
