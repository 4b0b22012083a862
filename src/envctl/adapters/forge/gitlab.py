"""The parts of GitLab's REST API used by a CI job: notes of a merge request, and issues.

https://docs.gitlab.com/api/notes and https://docs.gitlab.com/api/issues.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envctl.adapters.forge.posts import ForgePost
from envctl.adapters.forge.rest import LONGEST_PAUSE, READ_SECONDS, Rest

API_URL = "https://gitlab.com/api/v4"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# GitLab executes such a line (/close, /merge), by any author.
_QUICK_ACTION = re.compile(r"\s*/[A-Za-z]")


@dataclass(frozen=True, kw_only=True)
class GitlabApi:
    """Raises OperationFailedError with E036 if GitLab refuses or is unreachable. `environ` names a proxy; `patience`,
    `pause` and `longest_pause` are in seconds.

    GitLab does not mark the posts of machines: only those of the token's owner count as such.
    """

    project: str  # its number
    token: str = field(repr=False)
    url: str = API_URL
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: str = ""  # file with the certificates of a self-hosted GitLab
    name: str = ""  # of the project, for people
    patience: float = READ_SECONDS
    pause: float = 0.5
    longest_pause: float = LONGEST_PAUSE

    def list_comments(self, pull_request: int) -> Iterator[ForgePost]:
        return self._list_posts(f"merge_requests/{pull_request}/notes?order_by=created_at&sort=asc", "id", "body")

    def add_comment(self, pull_request: int, body: str) -> None:
        self._rest.send_json("POST", f"merge_requests/{pull_request}/notes", {"body": escape_quick_actions(body)})

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None:
        self._rest.send_json(
            "PUT", f"merge_requests/{pull_request}/notes/{comment}", {"body": escape_quick_actions(body)}
        )

    def list_issues(self, label: str) -> Iterator[ForgePost]:
        """Return the open issues, oldest first."""
        from urllib.parse import urlencode

        query = urlencode({"state": "opened", "labels": label, "order_by": "created_at", "sort": "asc"})
        return self._list_posts(f"issues?{query}", "iid", "description")

    def open_issue(self, title: str, body: str, label: str) -> None:
        self._rest.send_json(
            "POST", "issues", {"title": title, "description": escape_quick_actions(body), "labels": label}
        )

    def edit_issue(self, issue: int, body: str) -> None:
        self._rest.send_json("PUT", f"issues/{issue}", {"description": escape_quick_actions(body)})

    def close_issue(self, issue: int) -> None:
        self._rest.send_json("PUT", f"issues/{issue}", {"state_event": "close"})

    def _list_posts(self, path: str, number: str, body: str) -> Iterator[ForgePost]:
        for each in self._rest.list_objects(path):
            if not each.get("system"):
                with self._rest.check_fields():
                    machine = (each.get("author") or {}).get("id") == self._user_id
                    post = ForgePost(int(each[number]), each.get("title") or "", each.get(body) or "", machine)
                yield post

    @cached_property
    def _user_id(self) -> Any:  # noqa: ANN401 (an id of any type)
        with self._rest.check_fields():
            return self._rest.fetch_object("user")["id"]

    @cached_property
    def _rest(self) -> Rest:
        from urllib.parse import quote

        return Rest(
            forge="GitLab",
            project=self.name or self.project,
            url=self.url.rstrip("/"),
            project_path=f"projects/{quote(self.project, safe='')}",
            headers={"PRIVATE-TOKEN": self.token},
            hint_by_status=_HINT_BY_STATUS,
            environ=self.environ,
            authorities=self.authorities,
            patience=self.patience,
            pause=self.pause,
            longest_pause=self.longest_pause,
        )


def escape_quick_actions(text: str) -> str:
    """Return the text with quick actions of GitLab escaped. Fenced code is left alone, as GitLab does."""
    lines, fence = [], ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) and not line[found.end() :].strip() else fence
        elif found:
            fence = found[1]
        elif _QUICK_ACTION.match(line):
            lines.append(line.replace("/", "\\/", 1))
            continue
        lines.append(line)
    return "\n".join(lines)


_SCOPE_HINT = "give the token the scope api, and the role of a Reporter in this project; and switch issues on there"
_HINT_BY_STATUS = {
    401: "the token has expired, or is not an access token: renew ENVCTL_GITLAB_TOKEN in the CI/CD variables",
    403: _SCOPE_HINT,
    404: _SCOPE_HINT,
}
