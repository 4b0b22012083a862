"""A repository and its forge, as a test sets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.release.bundle import File
from envctl.domain.release.commit_message import CommitMessage, JobRequest
from envctl.usecases.ports.project import Revision


@dataclass
class SettableReviews:
    """Reviews of a CI job."""

    names: dict[str, list[str]] = field(default_factory=dict)  # approvers, by environment
    written: dict[str, list[str]] = field(default_factory=dict)  # authors, by commit
    in_job: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)  # for authors: commit, and the commit before

    def list_approvers(self, environment: str) -> list[str]:
        return self.names.get(environment, [])

    def has_reviews(self) -> bool:
        return self.in_job

    def list_authors(self, commit: str, since: str = "") -> list[str]:
        self.asked.append((commit, since))
        return self.written.get(commit, [])


@dataclass
class SettableJobRequests:
    """The requests of CI jobs, by commit."""

    requests: dict[str, JobRequest] = field(default_factory=dict)
    base: str = ""
    for_request: bool = False

    def is_for_request(self) -> bool:
        return self.for_request

    def find_request(self, commit: str) -> JobRequest:
        return self.requests.get(commit, JobRequest())

    def find_base(self, commit: str) -> str:
        return self.base


@dataclass
class SettableVersionControl:
    known: Revision = field(default_factory=lambda: Revision("c0ffee", "ann@example.com", uncommitted=False))
    lies_in: str | None = None
    remote: str = ""
    # contributors, by the commit before theirs; None if git lacks some
    others: dict[str, list[str] | None] = field(default_factory=dict)
    wrote: dict[str, list[str] | None] = field(default_factory=dict)  # authors, by file; None if git lacks some
    dirty: bool = False  # whether settings or the project file are not as they were committed
    # True for a descendant of the working tree's commit, None if unknown.
    descendants: dict[str, bool | None] = field(default_factory=dict)

    messages: dict[str, CommitMessage] = field(default_factory=dict)  # by commit
    changed: dict[str, list[str]] = field(default_factory=dict)  # paths, by the base of a request

    def read_revision(self, paths: Sequence[str], files: Mapping[str, File] | None = None) -> Revision:
        is_dirty = self.dirty and files is None and bool(paths)
        return replace(self.known, uncommitted=self.known.uncommitted or is_dirty)

    def read_message(self, commit: str) -> CommitMessage:
        return self.messages.get(commit, CommitMessage())

    def list_contributors(self, since: str, until: str) -> list[str] | None:
        return self.others.get("" if since.endswith("^1") else since, [])

    def list_path_authors(self, paths: Sequence[str], since: str) -> list[str] | None:
        found = [self.wrote.get(path, []) for path in paths]
        return None if None in found else [name for names in found for name in names or ()]

    def list_changes(self, base: str) -> list[str] | None:
        return self.changed.get(base)

    def is_behind(self, commit: str) -> bool | None:
        return self.descendants.get(commit, False)

    def read_remote(self) -> str:
        return self.remote

    def locate_project(self) -> str | None:
        return self.lies_in
