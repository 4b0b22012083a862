"""What a commit message and a CI job say of a release: its subject, and the pull or merge request it comes from.

Only sure signs count: a number that may belong to an issue is no request.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

MAX_SUBJECT = 100
GITHUB_COMMITTER = "noreply@github.com"
"""Committer of all commits made by GitHub itself, such as squashed pull requests."""

_NUMBER = "([1-9][0-9]{0,8})"
_GITHUB_MERGE = re.compile(rf"Merge pull request #{_NUMBER} from \S+")
_GITHUB_SQUASH = re.compile(rf"(.*\S) \(#{_NUMBER}\)")
_GITLAB_REFERENCE = re.compile(rf"See merge request \S*!{_NUMBER}")
# GitHub and GitLab merge a request into its target to test it, under a subject of two commits.
_TEST_MERGE = re.compile(r"Merge [0-9a-f]{7,64} into [0-9a-f]{7,64}")


@dataclass(frozen=True)
class CommitMessage:
    """The whole message of a commit, and the address of its committer."""

    text: str = ""
    committer: str = ""


@dataclass(frozen=True)
class JobRequest:
    """The pull or merge request of a CI job."""

    host: Literal["", "github", "gitlab"] = ""  # the system of the job; empty outside of CI
    number: int = 0  # 0 if the job is for none, or works on another commit
    title: str = ""


@dataclass(frozen=True)
class CommitName:
    """What people know a commit by. `request` is 0 if it is not certain."""

    subject: str = ""
    request: int = 0


def name_commit(message: CommitMessage, job: JobRequest) -> CommitName:
    """Return a commit's subject, or the title of the request it merges, and its number. The job knows best."""
    lines = [line.strip() for line in message.text.splitlines() if line.strip()]
    first, body = (lines[0], lines[1:]) if lines else ("", [])
    found = _read_merge(first, body) or CommitName(first)
    is_from_github = job.host == "github" or message.committer == GITHUB_COMMITTER
    is_squash = _GITHUB_SQUASH.fullmatch(first) if is_from_github else None
    if not found.request and is_squash:
        found = CommitName(is_squash[1], int(is_squash[2]))
    if _TEST_MERGE.fullmatch(first) and job.title:
        found = CommitName(job.title)
    return CommitName(clean_subject(found.subject), job.number or found.request)


def clean_subject(text: str) -> str:
    """Return the text on one line without control characters, cut to MAX_SUBJECT characters."""
    visible = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    line = " ".join(visible.split())
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1].rstrip()}…"


def _read_merge(first: str, body: list[str]) -> CommitName | None:
    """Read the message of a merge commit of GitHub or GitLab: below its subject is the title of the request."""
    if merged := _GITHUB_MERGE.fullmatch(first):
        return CommitName(body[0] if body else first, int(merged[1]))
    references = [found for line in body if (found := _GITLAB_REFERENCE.fullmatch(line))]
    if len(references) != 1:
        return None
    has_title = first.startswith("Merge branch ") and not _GITLAB_REFERENCE.fullmatch(body[0])
    return CommitName(body[0] if has_title else first, int(references[0][1]))
