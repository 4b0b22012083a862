"""The parts of GitHub's REST API used by a CI job: comments of a pull request, issues, and reviews of a deployment.

https://docs.github.com/rest/issues. For GitHub, a pull request is an issue too.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envctl.adapters.forge.posts import ForgePost
from envctl.adapters.forge.rest import LONGEST_PAUSE, READ_SECONDS, Rest
from envctl.domain.errors import OperationFailedError

API_URL = "https://api.github.com"
MAX_PULLS = 10
"""Commits and pull requests of one release that GitHub is asked about, the newest first."""


@dataclass(frozen=True)
class RunReview:
    """An approval for the waiting jobs of these environments."""

    reviewer: str
    environments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GithubApi:
    """Raises OperationFailedError with E036 if GitHub refuses or is unreachable. `environ` names a proxy; `patience`,
    `pause` and `longest_pause` are in seconds.
    """

    repository: str
    token: str = field(repr=False)
    url: str = API_URL
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: float = READ_SECONDS
    pause: float = 0.5
    longest_pause: float = LONGEST_PAUSE

    def list_comments(self, pull_request: int) -> Iterator[ForgePost]:
        return self._list_posts(f"issues/{pull_request}/comments", "id")

    def add_comment(self, pull_request: int, body: str) -> None:
        self._rest.send_json("POST", f"issues/{pull_request}/comments", {"body": body})

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None:  # noqa: ARG002 (GitLab needs it)
        self._rest.send_json("PATCH", f"issues/comments/{comment}", {"body": body})

    def list_issues(self, label: str) -> Iterator[ForgePost]:
        """Return the open issues, oldest first, without pull requests."""
        from urllib.parse import urlencode

        query = urlencode({"state": "open", "labels": label, "sort": "created", "direction": "asc"})
        return self._list_posts(f"issues?{query}", "number")

    def open_issue(self, title: str, body: str, label: str) -> None:
        self._rest.send_json("POST", "issues", {"title": title, "body": body, "labels": [label]})

    def edit_issue(self, issue: int, body: str) -> None:
        self._rest.send_json("PATCH", f"issues/{issue}", {"body": body})

    def close_issue(self, issue: int) -> None:
        self._rest.send_json("PATCH", f"issues/{issue}", {"state": "closed", "state_reason": "completed"})

    def list_reviews(self, run: int) -> list[RunReview]:
        """Return the approving reviews of a run. Needs `actions: read`."""
        found = list(self._rest.list_objects(f"actions/runs/{run}/approvals"))
        with self._rest.check_fields():
            return [
                RunReview(_to_login(each["user"]), tuple(str(item["name"]) for item in each["environments"]))
                for each in found
                # Deleted users have no name, and do not count.
                if each["state"] == "approved" and each.get("user")
            ]

    def list_authors(self, commit: str, since: str = "") -> list[str]:
        """Return the authors and committers of a commit and of all commits after `since`, and who opened, wrote and
        merged their pull requests. The latter need `pull-requests: read`.
        """
        commits = [self._rest.fetch_object(f"repos/{self.repository}/commits/{commit}")]
        with suppress(OperationFailedError):
            # `since` may be gone from the repository. Git knows the addresses of these commits all the same.
            commits += self._list_commits_between(since, commit) if since and since != commit else []
        with self._rest.check_fields():
            users = [user for each in commits for user in (each["author"], each["committer"])]
            newest = dict.fromkeys([commit, *(str(each["sha"]) for each in reversed(commits[1:]))])
        pulls: dict[int, None] = {}
        for sha in list(newest)[:MAX_PULLS]:
            found = list(self._rest.list_objects(f"commits/{sha}/pulls"))
            with self._rest.check_fields():
                pulls.update(dict.fromkeys(int(each["number"]) for each in found))
        for number in list(pulls)[:MAX_PULLS]:
            users += self._list_pull_users(number)
        with self._rest.check_fields():
            # GitHub itself is the committer of merges by its button.
            names = [_to_login(user) for user in users if user and user.get("login")]
        return [name for name in dict.fromkeys(names) if name != "web-flow"]

    def _list_commits_between(self, since: str, commit: str) -> list[dict[str, Any]]:
        """Return at most 250 commits, as GitHub does."""
        found = self._rest.fetch_object(f"repos/{self.repository}/compare/{since}...{commit}")
        with self._rest.check_fields():
            return [dict(each) for each in found["commits"]]

    def _list_pull_users(self, number: int) -> list[Any]:
        """Return who opened and merged a pull request, and the accounts of its commits, which a squash merge hides."""
        details = self._rest.fetch_object(f"repos/{self.repository}/pulls/{number}")
        commits = list(self._rest.list_objects(f"pulls/{number}/commits"))
        with self._rest.check_fields():
            written = [user for each in commits for user in (each["author"], each["committer"])]
            return [details["user"], details["merged_by"], *written]

    def _list_posts(self, path: str, number: str) -> Iterator[ForgePost]:
        for each in self._rest.list_objects(path):
            if "pull_request" not in each:
                with self._rest.check_fields():
                    kind = (each.get("user") or {}).get("type", "")
                    post = ForgePost(int(each[number]), each.get("title") or "", each.get("body") or "", kind == "Bot")
                yield post

    @cached_property
    def _rest(self) -> Rest:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return Rest(
            forge="GitHub",
            project=self.repository,
            url=self.url.rstrip("/"),
            project_path=f"repos/{self.repository}",
            headers=headers,
            hint_by_status=_HINT_BY_STATUS,
            environ=self.environ,
            patience=self.patience,
            pause=self.pause,
            longest_pause=self.longest_pause,
        )


def _to_login(user: Mapping[str, object]) -> str:
    """Return the login, with `[bot]` appended for every app: GitHub appends it for most of them only."""
    name = str(user["login"])
    return f"{name}[bot]" if user.get("type") == "Bot" and not name.endswith("[bot]") else name


_HINT_BY_STATUS = {
    401: "pass the token of the job: GITHUB_TOKEN, from ${{ github.token }}",
    403: "give the job the missing permission: pull-requests: write, issues: write, or actions: read",
    404: "give the job the missing permission: pull-requests: write, issues: write, or actions: read",
    410: "issues are switched off in this repository: switch them on in its settings",
}
