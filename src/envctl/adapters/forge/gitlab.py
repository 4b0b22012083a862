"""The REST API of GitLab, as far as a job needs it: notes of a merge request, and issues.

https://docs.gitlab.com/api/notes and https://docs.gitlab.com/api/issues.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envctl.adapters.forge.comment import Note
from envctl.adapters.forge.rest import READ_SECONDS, Rest

URL = "https://gitlab.com/api/v4"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# A line that begins so is an order to GitLab (/close, /merge), be it written by whom it may.
_ORDER = re.compile(r"\s*/[A-Za-z]")


@dataclass(frozen=True)
class GitlabApi:
    """Raises OperationFailedError with E036 where GitLab does not do what it is asked for. `project` is its number,
    `name` what people call it. `environ` names a proxy, and `authorities` a file with the certificates of a GitLab of
    one's own; `patience` and `pause` are in seconds.

    GitLab does not say which author is a machine: here it is whoever the token belongs to.
    """

    project: str
    token: str = field(repr=False)
    url: str = URL
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: str = ""
    name: str = ""
    patience: float = READ_SECONDS
    pause: float = 0.5

    def comments(self, pull_request: int) -> Iterator[Note]:
        return self._notes(f"merge_requests/{pull_request}/notes?order_by=created_at&sort=asc", "id", "body")

    def comment(self, pull_request: int, body: str) -> None:
        self._ask("POST", f"merge_requests/{pull_request}/notes", {"body": harmless(body)})

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None:
        self._ask("PUT", f"merge_requests/{pull_request}/notes/{comment}", {"body": harmless(body)})

    def issues(self, label: str) -> Iterator[Note]:
        """Those that are open, oldest first."""
        from urllib.parse import urlencode

        wanted = urlencode({"state": "opened", "labels": label, "order_by": "created_at", "sort": "asc"})
        return self._notes(f"issues?{wanted}", "iid", "description")

    def open_issue(self, title: str, body: str, label: str) -> None:
        self._ask("POST", "issues", {"title": title, "description": harmless(body), "labels": label})

    def edit_issue(self, issue: int, body: str) -> None:
        self._ask("PUT", f"issues/{issue}", {"description": harmless(body)})

    def close_issue(self, issue: int) -> None:
        self._ask("PUT", f"issues/{issue}", {"state_event": "close"})

    def _notes(self, path: str, number: str, body: str) -> Iterator[Note]:
        for each in self._rest.listed(f"{self._there}/{path}"):
            if not each.get("system"):
                by = (each.get("author") or {}).get("id")
                yield Note(int(each[number]), each.get("title") or "", each.get(body) or "", by == self._myself)

    def _ask(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._rest.ask(method, f"{self._there}/{path}", body)

    @property
    def _there(self) -> str:
        from urllib.parse import quote

        return f"projects/{quote(self.project, safe='')}"

    @cached_property
    def _myself(self) -> Any:  # noqa: ANN401 (whatever GitLab numbers users with)
        return self._rest.got("user").get("id", "nobody")

    @cached_property
    def _rest(self) -> Rest:
        return Rest(
            "GitLab",
            self.name or self.project,
            self.url,
            {"PRIVATE-TOKEN": self.token},
            _HINTS,
            environ=self.environ,
            authorities=self.authorities,
            patience=self.patience,
            pause=self.pause,
        )


def harmless(text: str) -> str:
    """The same to read, with nothing in it that GitLab would carry out. What is fenced in as code it leaves alone."""
    lines, fence = [], ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) and not line[found.end() :].strip() else fence
        elif found:
            fence = found[1]
        elif _ORDER.match(line):
            lines.append(line.replace("/", "\\/", 1))
            continue
        lines.append(line)
    return "\n".join(lines)


_RIGHTS = "give the token the scope api, and the role of a Reporter in this project; and switch issues on there"
_HINTS = {
    401: "the token has ended, or is no access token: renew ENVCTL_GITLAB_TOKEN in the CI/CD variables",
    403: _RIGHTS,
    404: _RIGHTS,
}
