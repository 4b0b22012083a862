"""The JobRequests port: the pull request of a job of GitHub Actions, or the merge request of a job of GitLab CI.

https://docs.github.com/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envctl.adapters.forge.job import read_event, read_job

if TYPE_CHECKING:
    # Every plan asks whether it is for a request: keeps its start short.
    from envctl.domain.release.commit_message import JobRequest

_NUMBER = r"[1-9][0-9]{0,8}"
_COMMIT = r"[0-9a-f]{40,64}"
_PULL_REF = r"refs/pull/([1-9][0-9]{0,8})/(?:merge|head)"


@dataclass(frozen=True, eq=False, repr=False)
class VariableJobRequests:
    """Reads the variables of the job, `environ`, and the file with the event of a GitHub job."""

    environ: Callable[[], Mapping[str, str]]
    redact: Callable[[str], str] = str

    def find_request(self, commit: str) -> "JobRequest":
        from envctl.domain.release.commit_message import JobRequest

        env = self.environ()
        if env.get("GITHUB_ACTIONS") == "true":
            return self._find_pull_request(env, commit)
        if env.get("GITLAB_CI") == "true":
            return self._find_merge_request(env, commit)
        return JobRequest()

    def is_for_request(self) -> bool:
        return read_job(self.environ()).is_request

    def find_base(self, commit: str) -> str:
        env = self.environ()
        if not self.find_request(commit).number:
            return ""
        if env.get("GITLAB_CI") == "true":
            # The first one is set where the commit merges the target branch.
            found = env.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA") or env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
        elif commit == env.get("GITHUB_SHA") and env.get("GITHUB_REF", "").endswith("/merge"):
            return f"{commit}^1"
        else:
            base = _read_pull_request(env.get("GITHUB_EVENT_PATH", "")).get("base")
            found = str(base.get("sha")) if isinstance(base, dict) else ""
        return found if re.fullmatch(_COMMIT, found) else ""

    def _find_pull_request(self, env: Mapping[str, str], commit: str) -> "JobRequest":
        from envctl.domain.release.commit_message import JobRequest

        pull = _read_pull_request(env.get("GITHUB_EVENT_PATH", ""))
        head = pull.get("head")
        # A step may have checked out something else: only these commits belong to the request.
        own = {pull.get("merge_commit_sha"), head.get("sha") if isinstance(head, dict) else None}
        found = re.fullmatch(_PULL_REF, env.get("GITHUB_REF", ""))
        if commit and found and commit in {*own, env.get("GITHUB_SHA")}:
            return JobRequest("github", int(found[1]), self._read_title(pull.get("title")))
        if commit and commit in own and re.fullmatch(_NUMBER, str(pull.get("number"))):
            return JobRequest("github", int(pull["number"]), self._read_title(pull.get("title")))
        return JobRequest("github")

    def _find_merge_request(self, env: Mapping[str, str], commit: str) -> "JobRequest":
        from envctl.domain.release.commit_message import JobRequest

        number, own = env.get("CI_MERGE_REQUEST_IID", ""), env.get("CI_PROJECT_ID")
        is_own = env.get("CI_MERGE_REQUEST_PROJECT_ID", own) == own
        known = {env.get("CI_COMMIT_SHA"), env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")}
        if commit and commit in known and is_own and re.fullmatch(_NUMBER, number):
            return JobRequest("gitlab", int(number), self._read_title(env.get("CI_MERGE_REQUEST_TITLE")))
        return JobRequest("gitlab")

    def _read_title(self, title: object) -> str:
        return self.redact(title) if isinstance(title, str) else ""


def find_head_commit(event_file: str) -> str:
    """Return the pushed commit of the pull request in the event of a GitHub job; empty if there is none."""
    head = _read_pull_request(event_file).get("head")
    commit = head.get("sha") if isinstance(head, dict) else None
    return commit if isinstance(commit, str) else ""


def _read_pull_request(event_file: str) -> Mapping[str, Any]:
    found = read_event(event_file).get("pull_request")
    return found if isinstance(found, dict) else {}
