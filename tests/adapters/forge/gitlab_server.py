"""A GitLab of the tests: as strict as the real one with whoever it does not know, and with lines that are orders."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

from envctl.adapters.forge.gitlab import GitlabApi
from tests.adapters.forge.server import Answer, Server, serving

PROJECT = "4711"
TOKEN = "glpat-planted"
MYSELF, PERSON = 42, 43
_CODE = re.compile(r"^(```|~~~).*?^\1`*$", re.MULTILINE | re.DOTALL)
_ORDER = re.compile(r"^\s*/([a-z]+).*$\n?", re.MULTILINE)


class GitlabServer(Server):
    """`carried_out` are the orders that were found in texts."""

    def __init__(self) -> None:
        super().__init__()
        self.carried_out: list[str] = []

    def add_comment(self, body: str, *, machine: bool = True, **more: Any) -> None:
        note = {"id": 100 + len(self.comments), "body": body, "author": _author(machine=machine), "system": False}
        self.comments.append(note | more)

    def add_issue(self, title: str, body: str, label: str, *, machine: bool = True) -> None:
        issue = {"id": 9000, "iid": 1 + len(self.issues), "title": title, "description": body, "labels": [label]}
        self.issues.append(issue | {"state": "opened", "author": _author(machine=machine)})

    def api(self, **more: Any) -> GitlabApi:
        return GitlabApi(project=PROJECT, token=TOKEN, url=self.url, **more)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": PROJECT,
            "CI_PROJECT_PATH": "acme/shop",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_PROJECT_ID": PROJECT,
            "ENVCTL_GITLAB_TOKEN": TOKEN,
        }

    @property
    def bodies(self) -> list[str]:
        return [each["description"] for each in self.issues]

    @property
    def open_issues(self) -> list[str]:
        return [each["title"] for each in self.issues if each["state"] == "opened"]

    def token(self, headers: Mapping[str, str]) -> str:
        # GitLab takes both forms for an access token.
        return headers.get("PRIVATE-TOKEN") or headers.get("Authorization", "").removeprefix("Bearer ")

    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], target: str) -> Answer:
        if self.tokens != {TOKEN}:
            return 401, {"message": "401 Unauthorized"}, ""
        if (method, path) == ("GET", "/api/v4/user"):
            return 200, {"id": MYSELF, "username": "project_4711_bot_1"}, ""
        match method, path.removeprefix(f"/api/v4/projects/{PROJECT}/").split("/"):
            case "GET", ["merge_requests", "7", "notes"]:
                assert (query["order_by"], query["sort"]) == ("created_at", "asc")
                return self.paged(self.comments, query, target)
            case "POST", ["merge_requests", "7", "notes"]:
                self.add_comment(self._kept(body["body"]))
                return 201, self.comments[-1], ""
            case "PUT", ["merge_requests", "7", "notes", note]:
                return self._changed(self.comments, "id", note, {"body": self._kept(body["body"])})
            case "GET", ["issues"]:
                assert (query["order_by"], query["sort"]) == ("created_at", "asc")
                wanted = [i for i in self.issues if i["state"] == query["state"] and query["labels"] in i["labels"]]
                return self.paged(wanted, query, target)
            case "POST", ["issues"]:
                self.add_issue(body["title"], self._kept(body["description"]), body["labels"])
                return 201, self.issues[-1], ""
            case "PUT", ["issues", issue]:
                new = {"description": self._kept(body["description"])} if "description" in body else {}
                if (event := body.get("state_event")) is not None:
                    new["state"] = {"close": "closed", "reopen": "opened"}[event]
                return self._changed(self.issues, "iid", issue, new)
        return 404, {"message": "404 Project Not Found"}, ""

    def _kept(self, text: str) -> str:
        """What is left of a text once its orders have been carried out."""
        outside = _CODE.sub("", text)
        self.carried_out.extend(_ORDER.findall(outside))
        return (_ORDER.sub("", text) if _ORDER.search(outside) else text).rstrip()

    def _changed(self, there: list[dict[str, Any]], key: str, number: str, new: dict[str, Any]) -> Answer:
        for each in there:
            if f"{each[key]}" == number:
                if "body" in new and each["author"]["id"] != MYSELF:
                    return 403, {"message": "403 Forbidden"}, ""
                each.update(new)
                return 200, each, ""
        return 404, {"message": "404 Not found"}, ""


def _author(*, machine: bool) -> dict[str, Any]:
    return {"id": MYSELF, "username": "project_4711_bot_1"} if machine else {"id": PERSON, "username": "ann"}


@contextmanager
def gitlab(context: SSLContext | None = None) -> Iterator[GitlabServer]:
    told = GitlabServer()
    with serving(told, below="/api/v4", context=context):
        yield told
