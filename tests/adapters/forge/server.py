"""A GitHub of the tests: comments and issues of one repository, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/shop"
TOKEN = "ghs_planted"
BOT, PERSON = "Bot", "User"


@dataclass
class Forge:
    """`comments` and `issues` are as GitHub gives them. `fails` are answers that come first, by method."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    fails: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    page: int = 100
    reviews: list[dict[str, Any]] = field(default_factory=list)

    def add_comment(self, body: str, kind: str = BOT) -> None:
        self.comments.append({"id": 100 + len(self.comments), "body": body, "user": {"type": kind}})

    def add_issue(self, title: str, body: str, label: str, kind: str = BOT, **more: Any) -> None:
        number = 1 + len(self.issues)
        self.issues.append(
            {"number": number, "title": title, "body": body, "user": {"type": kind}, "state": "open"}
            | {"labels": [label]}
            | more
        )

    def add_review(self, login: str, *environments: str, state: str = "approved") -> None:
        there = [{"id": 1, "name": name} for name in environments]
        self.reviews.append({"state": state, "comment": "", "environments": there, "user": {"login": login}})

    @property
    def environment(self) -> dict[str, str]:
        """What a job of it sees."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_RUN_ID": "42",
        }

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, object, str]:
        """Status, document, and where there is more of it."""
        for number, (failing, status, document) in enumerate(self.fails):
            if failing == method:
                del self.fails[number]
                return status, document, ""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match method, parts.path.removeprefix(f"/repos/{REPOSITORY}/").split("/"):
            case "GET", ["issues", "7", "comments"]:
                return 200, *self._paged(self.comments, target, query)
            case "POST", ["issues", "7", "comments"]:
                self.add_comment(body["body"])
                return 201, self.comments[-1], ""
            case "PATCH", ["issues", "comments", comment]:
                return self._changed(self.comments, "id", comment, body)
            case "GET", ["actions", "runs", "42", "approvals"]:
                return 200, self.reviews, ""
            case "GET", ["issues"]:
                wanted = [i for i in self.issues if i["state"] == query["state"] and query["labels"] in i["labels"]]
                return 200, *self._paged(wanted, target, query)
            case "POST", ["issues"]:
                self.add_issue(body["title"], body["body"], body["labels"][0])
                return 201, self.issues[-1], ""
            case "PATCH", ["issues", issue]:
                return self._changed(self.issues, "number", issue, body)
        return 404, {"message": "Not Found"}, ""

    def _paged(self, found: list[dict[str, Any]], target: str, query: dict[str, str]) -> tuple[object, str]:
        page, size = int(query.get("page", "1")), min(self.page, int(query["per_page"]))
        more = f"{self.url}{target.partition('&page=')[0]}&page={page + 1}" if len(found) > page * size else ""
        return found[(page - 1) * size : page * size], more

    def _changed(
        self, there: list[dict[str, Any]], key: str, number: str, body: dict[str, Any]
    ) -> tuple[int, object, str]:
        for each in there:
            if f"{each[key]}" == number:
                each.update(body)
                return 200, each, ""
        return 404, {"message": "Not Found"}, ""


@contextmanager
def forge() -> Iterator[Forge]:
    told = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(size) or b"{}")
            told.asked.append((self.command, self.path))
            told.tokens.add(self.headers.get("Authorization", ""))
            status, document, more = told.answer(self.command, self.path, body)
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", f"{len(data)}")
            if more:
                self.send_header("Link", f'<{more}>; rel="next", <{told.url}/last>; rel="last"')
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 (its parent's)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield told
        server.shutdown()
