"""The REST API of GitHub, as far as a job needs it: comments of a pull request, issues, and who let it begin.

https://docs.github.com/rest/issues. A pull request is an issue there, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from envctl.adapters.forge.comment import Note
from envctl.adapters.forge.rest import READ_SECONDS, Rest

URL = "https://api.github.com"


@dataclass(frozen=True)
class Review:
    """That somebody let the jobs for these environments begin."""

    reviewer: str
    environments: tuple[str, ...]


@dataclass(frozen=True)
class GithubApi:
    """Raises OperationFailedError with E036 where GitHub does not do what it is asked for. `environ` names a proxy;
    `patience` and `pause` are in seconds.
    """

    repository: str
    token: str = field(repr=False)
    url: str = URL
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: float = READ_SECONDS
    pause: float = 0.5

    def comments(self, pull_request: int) -> Iterator[Note]:
        return self._notes(f"issues/{pull_request}/comments", "id")

    def comment(self, pull_request: int, body: str) -> None:
        self._ask("POST", f"issues/{pull_request}/comments", {"body": body})

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None:  # noqa: ARG002 (it is known without)
        self._ask("PATCH", f"issues/comments/{comment}", {"body": body})

    def issues(self, label: str) -> Iterator[Note]:
        """Those that are open, oldest first, without pull requests."""
        from urllib.parse import urlencode

        wanted = urlencode({"state": "open", "labels": label, "sort": "created", "direction": "asc"})
        return self._notes(f"issues?{wanted}", "number")

    def open_issue(self, title: str, body: str, label: str) -> None:
        self._ask("POST", "issues", {"title": title, "body": body, "labels": [label]})

    def edit_issue(self, issue: int, body: str) -> None:
        self._ask("PATCH", f"issues/{issue}", {"body": body})

    def close_issue(self, issue: int) -> None:
        self._ask("PATCH", f"issues/{issue}", {"state": "closed", "state_reason": "completed"})

    def reviews(self, run: int) -> list[Review]:
        """Those of a run that approved, and not those that rejected or wait. It needs `actions: read`."""
        return [
            Review(_login(each["user"]), tuple(str(there["name"]) for there in each.get("environments", ())))
            for each in self._rest.listed(f"repos/{self.repository}/actions/runs/{run}/approvals")
            # A person who has left GitHub has no name any more, and is nobody.
            if each.get("state") == "approved" and each.get("user")
        ]

    def authors(self, commit: str) -> list[str]:
        """Who wrote a commit, who committed it, and who opened the pull requests that brought it. Those need
        `pull-requests: read`.
        """
        there = self._rest.got(f"repos/{self.repository}/commits/{commit}")
        users = [there.get("author"), there.get("committer")]
        users += [each.get("user") for each in self._rest.listed(f"repos/{self.repository}/commits/{commit}/pulls")]
        # GitHub itself commits what is merged with its button.
        names = [_login(user) for user in users if user and user.get("login")]
        return [name for name in dict.fromkeys(names) if name != "web-flow"]

    def _notes(self, path: str, number: str) -> Iterator[Note]:
        for each in self._rest.listed(f"repos/{self.repository}/{path}"):
            if "pull_request" not in each:
                kind = (each.get("user") or {}).get("type", "")
                yield Note(int(each[number]), each.get("title") or "", each.get("body") or "", kind == "Bot")

    def _ask(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._rest.ask(method, f"repos/{self.repository}/{path}", body)

    @cached_property
    def _rest(self) -> Rest:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return Rest(
            "GitHub",
            self.repository,
            self.url,
            headers,
            _HINTS,
            environ=self.environ,
            patience=self.patience,
            pause=self.pause,
        )


def _login(user: Mapping[str, object]) -> str:
    """An app or a bot is told by its name: GitHub ends most of them so, and the rest is said by the type."""
    name = str(user["login"])
    return f"{name}[bot]" if user.get("type") == "Bot" and not name.endswith("[bot]") else name


_HINTS = {
    401: "hand the job's token over: GITHUB_TOKEN, from ${{ github.token }}",
    403: "give the job the permission that it needs: pull-requests: write, issues: write, or actions: read",
    404: "give the job the permission that it needs: pull-requests: write, issues: write, or actions: read",
    410: "issues are switched off in this repository: switch them on in its settings",
}
