"""The REST API of GitHub, as far as a job needs it: comments of a pull request, issues, and who let it begin.

https://docs.github.com/rest/issues. A pull request is an issue there, too.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from envctl import __version__
from envctl.domain.errors import OperationFailedError, Problem

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

URL = "https://api.github.com"
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5.0, 20.0, 3
# Busy, or throttled for a moment. What is sent twice because its answer got lost would be a second comment: not tried.
_AGAIN = (429, 502, 503, 504)
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
PAGE = 100
PAGES = 50
"""At most: five thousand comments."""


@dataclass(frozen=True)
class Note:
    """A comment, or an issue. `machine` says that no person wrote it."""

    number: int
    title: str
    body: str
    machine: bool


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
    environ: Mapping[str, str] = field(default_factory=dict)
    patience: float = READ_SECONDS
    pause: float = 0.5

    def comments(self, pull_request: int) -> Iterator[Note]:
        return self._notes(f"issues/{pull_request}/comments", "id")

    def comment(self, pull_request: int, body: str) -> None:
        self._ask("POST", f"issues/{pull_request}/comments", {"body": body})

    def edit_comment(self, comment: int, body: str) -> None:
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
        answer = self._send("GET", f"{self._base}/actions/runs/{run}/approvals")
        return [
            Review(str(each["user"]["login"]), tuple(str(there["name"]) for there in each.get("environments", ())))
            for each in _listed(answer.data)
            # A person who has left GitHub has no name any more, and is nobody.
            if each.get("state") == "approved" and each.get("user")
        ]

    def _notes(self, path: str, number: str) -> Iterator[Note]:
        url = f"{self._base}/{path}{'&' if '?' in path else '?'}per_page={PAGE}"
        for _ in range(PAGES):
            answer = self._send("GET", url)
            for each in _listed(answer.data):
                if "pull_request" not in each:
                    kind = (each.get("user") or {}).get("type", "")
                    yield Note(int(each[number]), each.get("title") or "", each.get("body") or "", kind == "Bot")
            following = _NEXT.search(answer.headers.get("Link", ""))
            # Nowhere else is shown the token.
            if following is None or not following[1].startswith(f"{self.url.rstrip('/')}/"):
                return
            url = following[1]

    def _ask(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._send(method, f"{self._base}/{path}", body)

    @property
    def _base(self) -> str:
        return f"{self.url.rstrip('/')}/repos/{self.repository}"

    def _send(self, method: str, url: str, body: Mapping[str, object] | None = None) -> "BaseHTTPResponse":
        from urllib3.exceptions import HTTPError

        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": f"envctl/{__version__}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        try:
            answer = self._pool.request(method, url, headers=headers, json=body, redirect=False)
        except HTTPError as error:
            raise self._failed(f"can't be reached ({type(error).__name__})", "try again in a minute") from error
        if answer.status >= 300:  # noqa: PLR2004
            raise self._failed(f"answers {answer.status}{_reason(answer.data)}", _HINTS.get(answer.status, _OTHERWISE))
        return answer

    @cached_property
    def _pool(self) -> "PoolManager":
        from urllib3 import PoolManager, ProxyManager, Retry, Timeout

        retries = Retry(
            ATTEMPTS, status_forcelist=_AGAIN, allowed_methods={"GET"}, backoff_factor=self.pause, raise_on_status=False
        )
        limits: dict[str, Any] = {"retries": retries, "timeout": Timeout(connect=CONNECT_SECONDS, read=self.patience)}
        proxy = self.environ.get("https_proxy") or self.environ.get("HTTPS_PROXY") or ""
        if proxy and self.url.startswith("https:"):
            return ProxyManager(proxy, **limits)
        return PoolManager(**limits)

    def _failed(self, why: str, hint: str) -> OperationFailedError:
        return OperationFailedError(Problem("E036", f"GitHub ({self.repository}) {why}", hint))


_OTHERWISE = "see what GitHub says of it; the command itself has done what it says"
_HINTS = {
    401: "hand the job's token over: GITHUB_TOKEN, from ${{ github.token }}",
    403: "give the job the permission that it needs: pull-requests: write, issues: write, or actions: read",
    404: "give the job the permission that it needs: pull-requests: write, issues: write, or actions: read",
    410: "issues are switched off in this repository: switch them on in its settings",
}


def _listed(data: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(data)
    except ValueError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _reason(data: bytes) -> str:
    try:
        said = json.loads(data)["message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f": {str(said).splitlines()[0][:200]}" if said else ""
