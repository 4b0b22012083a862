"""The run of a CI job: which one it is, of which commit, and which of two is newer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.forge.job_requests import find_head_commit

_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~%+-]+)*/?")
_MARK = re.compile(r"<!-- envctl run: (\d+)\.(\d+) ([0-9a-f]*) planned ([0-9a-f]*) -->")
SHORT_COMMIT = 12


@dataclass(frozen=True)
class JobRun:
    """A run of a CI job.

    Attributes:
        number, attempt: ordered as the forge started them.
        commit: the pushed commit, as hex digits; empty if unknown.
        url: the page of the run; empty if unknown or unusual.
        at: the time of the result.
        name: of the run and its attempt, for people.
    """

    number: int
    attempt: int
    commit: str
    url: str
    at: datetime
    name: str

    def describe(self) -> str:
        """Return one line of Markdown: commit, run and time. All parts are checked: a branch can't add markup."""
        commit = f"Commit `{self.commit[:SHORT_COMMIT]}`" if self.commit else "Commit unknown"
        linked = f"[{self.name}]({self.url})" if self.url else self.name
        return f"{commit} · {linked} · {self.at:%Y-%m-%d %H:%M} UTC"

    def format_mark(self, planned: str) -> str:
        """Return the invisible line of a comment with the run. `planned` is the commit of the last result."""
        return f"<!-- envctl run: {self.number}.{self.attempt} {self.commit} planned {planned} -->"


@dataclass(frozen=True)
class RunMark:
    """The run that wrote a comment, and the commit of the last result in it."""

    number: int
    attempt: int
    commit: str
    planned: str


@dataclass(frozen=True)
class ProjectPlace:
    """The project of a job. `folder` is empty at the top of the repository.

    `may_adopt` says that posts without a folder, of an older envctl, can only be of this project.
    """

    folder: str = ""
    may_adopt: bool = True


def find_github_run(env: Mapping[str, str], at: datetime) -> JobRun | None:
    """Return the run from the variables of a job of GitHub Actions; None if it has no number."""
    number, attempt = _parse_number(env.get("GITHUB_RUN_ID")), _parse_number(env.get("GITHUB_RUN_ATTEMPT")) or 1
    if not number:
        return None
    server, repository = env.get("GITHUB_SERVER_URL", ""), env.get("GITHUB_REPOSITORY", "")
    url = f"{server}/{repository}/actions/runs/{number}/attempts/{attempt}"
    # The commit of the variable is a merge of the pull request, which people do not know.
    commit = find_head_commit(env.get("GITHUB_EVENT_PATH", "")) or env.get("GITHUB_SHA", "")
    name = f"run {_parse_number(env.get('GITHUB_RUN_NUMBER')) or number}"
    name += f", attempt {attempt}" if attempt > 1 else ""
    return JobRun(number, attempt, _check(commit, _COMMIT), _check(url, _URL), at, name)


def find_gitlab_run(env: Mapping[str, str], at: datetime) -> JobRun | None:
    """Return the run from the variables of a job of GitLab CI; None if it has no number. A repeated job has a higher
    number in the same pipeline.
    """
    number, attempt = _parse_number(env.get("CI_PIPELINE_ID")), _parse_number(env.get("CI_JOB_ID"))
    if not number:
        return None
    # The second one is a merge of the request, if the first one is set.
    commit = env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA", "")
    url = _check(env.get("CI_JOB_URL", ""), _URL)
    return JobRun(number, attempt, _check(commit, _COMMIT), url, at, f"pipeline {number}")


def _parse_number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else 0


def _check(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text if it has this form; else nothing."""
    return text if pattern.fullmatch(text) else ""


def parse_mark(body: str) -> RunMark | None:
    """Return the run in the second line of a comment; None for a comment of an older envctl."""
    found = _MARK.fullmatch(body.partition("\n")[2].partition("\n")[0].strip())
    return RunMark(int(found[1]), int(found[2]), found[3], found[4]) if found else None


def is_newer(mark: RunMark, run: JobRun) -> bool:
    """Check if a comment is of a newer run than this one: a run that was started again stays the older one."""
    return (mark.number, mark.attempt) > (run.number, run.attempt)


def find_project_folder(project: Path, root: str) -> str:
    """Return the folder of the project in its repository, safe for a comment; empty at the top, and outside of it."""
    try:
        folder = resolve_path(project).relative_to(resolve_path(root)).as_posix() if root else "."
    except (ValueError, OSError):
        return ""
    return "" if folder == "." else quote(folder)
