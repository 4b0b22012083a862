"""The VersionControl port over git."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.files import read_text
from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.disk.project_search import find_repository_top
from envctl.adapters.local.committed_files import list_differences
from envctl.adapters.local.git_commands import run_git
from envctl.usecases.ports.project import Revision

if TYPE_CHECKING:
    from envctl.domain.release.bundle import File
    from envctl.domain.release.commit_message import CommitMessage

MAX_COMMITS = 10_000
"""Limit of commits examined for authors where it is unknown since when."""
MAX_MESSAGE = 20_000
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_AUTHOR_FORMAT = "--format=<%ae>%n<%ce>%n%B%x00"
# Also in the text that `git merge --squash` proposes.
_AUTHOR_LINE = re.compile(r"co-authored-by:(.+)|author:(.*<.+>)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"^.*<([^<>]*)>\s*$")


class Git:
    """`redact` replaces known secrets in texts of commits."""

    def __init__(self, project: Path, redact: Callable[[str], str] = str) -> None:
        self._project = project
        self._redact = redact

    def read_revision(self, paths: Sequence[str], files: Mapping[str, "File"] | None = None) -> Revision:
        """Without git, or outside of a repository: no commit, and uncommitted."""
        head = run_git(self._project, "log", "-1", "--no-show-signature", "--format=%H %ae")
        if not head:
            return Revision()
        commit, _, author = head.partition(" ")
        project = resolve_path(self._project)
        top = find_repository_top(project) or project
        found = list_differences(top, project.relative_to(top).as_posix(), commit, paths, files or {})
        return Revision(commit, author, uncommitted=bool(found), differences=found)

    def read_message(self, commit: str) -> "CommitMessage":
        # Imported late: most commands create no release.
        from envctl.domain.release.commit_message import CommitMessage

        if not _COMMIT.fullmatch(commit):
            return CommitMessage()
        found = run_git(self._project, "log", "-1", "--no-show-signature", "--format=<%ce>%n%B", commit, "--") or ""
        committer, _, text = found.partition("\n")
        # In brackets, the line of an empty address is no empty line either.
        return CommitMessage(self._redact(text[:MAX_MESSAGE]), committer[1:-1])

    def list_contributors(self, since: str, until: str) -> Sequence[str] | None:
        return self._list_authors(since, until if _COMMIT.fullmatch(until) else "HEAD")

    def list_path_authors(self, paths: Sequence[str], since: str) -> Sequence[str] | None:
        project = resolve_path(self._project)
        top = find_repository_top(project) or project
        inside = [each for each in paths if Path(os.path.normpath(project / each)).is_relative_to(top)]
        return self._list_authors(since, "HEAD", *_resolve_links(self._project, inside)) if inside else ()

    def _list_authors(self, since: str, until: str, *paths: str) -> tuple[str, ...] | None:
        """Return each author, committer and co-author once; None if git lacks a commit."""
        found = run_git(self._project, "rev-parse", "HEAD", "--git-path", "shallow")
        if found is None:
            # No repository, or one without a commit.
            return ()
        file = self._project / found.splitlines()[1]
        cut = set(read_text(file).split()) if file.is_file() else set[str]()
        is_known = _COMMIT.fullmatch(since.removesuffix("^1")) and self._has_commit(since)
        if cut and not is_known:
            return None
        commits = (until, "--not", since, "--") if is_known else (until, "--")
        if cut and cut.intersection((run_git(self._project, "rev-list", *commits) or "").split()):
            # The parents of a commit in between are not there.
            return None
        words = ("--literal-pathspecs", "log", "--no-show-signature", "--full-history", _AUTHOR_FORMAT)
        limit = () if is_known else (f"--max-count={MAX_COMMITS}",)
        listed = run_git(self._project, *words, *limit, *commits, *paths)
        if listed is None:
            return None
        lines = (line for each in listed.split("\0")[:-1] for line in _list_address_lines(each.strip("\n")))
        return tuple(dict.fromkeys(filter(None, (_IN_BRACKETS.sub(r"\1", line).strip() for line in lines))))

    def _has_commit(self, commit: str) -> bool:
        return run_git(self._project, "cat-file", "-e", f"{commit}^{{commit}}") is not None

    def list_changes(self, base: str) -> Sequence[str] | None:
        if not _COMMIT.fullmatch(base.removesuffix("^1")):
            return None
        words = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--merge-base", base, "HEAD", "--")
        found = run_git(self._project, *words)
        return None if found is None else [path for path in found.split("\0") if path]

    def is_behind(self, commit: str) -> bool | None:
        """Return False without git, and for a commit outside all fetched branches."""
        if not _COMMIT.fullmatch(commit):
            return False
        # One own commit decides: the whole history need not be counted.
        own = run_git(self._project, "rev-list", "--count", "--max-count=1", "HEAD", "--not", commit, "--")
        if own is None:
            return None if run_git(self._project, "rev-parse", "--is-shallow-repository") == "true" else False
        return own == "0" and run_git(self._project, "rev-parse", "HEAD") != commit

    def read_remote(self) -> str:
        remotes = (run_git(self._project, "remote") or "").split()
        name = "origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else ""
        return (run_git(self._project, "remote", "get-url", "--", name) or "") if name else ""

    def locate_project(self) -> str | None:
        found = run_git(self._project, "rev-parse", "--show-prefix")
        return None if found is None else found.rstrip("/")


def _list_address_lines(entry: str) -> Iterator[str]:
    """Yield the author, the committer, and each author that the message names."""
    author, committer, *message = entry.split("\n")
    yield from (author, committer)
    yield from (found[1] or found[2] for line in message if (found := _AUTHOR_LINE.fullmatch(line.strip())))


def _resolve_links(project: Path, paths: Sequence[str]) -> list[str]:
    """Return each path with its links resolved, and the first link itself: git rejects paths beyond a link. Targets of
    links in a folder are included.
    """
    top, found = resolve_path(project), dict[str, None]()
    repository = find_repository_top(top) or top
    for path in paths:
        linked = _list_links(top / path)
        for each in (path, *(f"{path}/{name}" for name in linked)):
            found |= dict.fromkeys(_resolve_link(top, repository, each))
    return list(found)


def _resolve_link(top: Path, repository: Path, path: str) -> Iterator[str]:
    try:
        real = resolve_path(top / path)
    except OSError:
        real = top / path
    if real == Path(os.path.normpath(top / path)) or not real.is_relative_to(repository):
        yield path
        return
    yield os.path.relpath(real, top)
    ancestors = [*reversed(Path(path).parents), Path(path)]
    link = next((each for each in ancestors if (top / each).is_symlink()), None)
    if link is not None:
        yield os.fspath(link)


def _list_links(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(each.name for each in entries if each.is_symlink())
    except OSError:
        return []
