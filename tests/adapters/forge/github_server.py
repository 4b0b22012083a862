"""A GitHub of the tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from envctl.adapters.forge.github import GithubApi
from tests.adapters.forge.server import Answer, Server, serving

REPOSITORY = "acme/shop"
TOKEN = "ghs_planted"
BOT, PERSON = "Bot", "User"
RUN = "42"


@dataclass
class GithubServer(Server):
    """`reviews` is who let which jobs of its run begin, and `pulls` are the pull requests of `commits`. `pull_commits`
    has the commits of a pull request, and `between` those of a comparison.
    """

    reviews: list[dict[str, Any]] = field(default_factory=list)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pull_commits: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    between: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    later_reviews: list[dict[str, Any]] = field(default_factory=list)

    def add_review(
        self, login: str, *environments: str, state: str = "approved", kind: str = PERSON, later: bool = False
    ) -> None:
        """Add a review, or with `later` after the next question for all of them: the job that plans has asked then."""
        there = [{"id": 1, "name": name} for name in environments]
        review = {"state": state, "comment": "", "environments": there, "user": {"login": login, "type": kind}}
        (self.later_reviews if later else self.reviews).append(review)

    def add_comment(self, body: str, *, machine: bool = True) -> None:
        user = {"type": BOT if machine else PERSON}
        self.comments.append({"id": 100 + len(self.comments), "body": body, "user": user})

    def add_issue(self, title: str, body: str, label: str, *, machine: bool = True, **more: Any) -> None:
        user = {"type": BOT if machine else PERSON}
        issue = {"number": 1 + len(self.issues), "title": title, "body": body, "user": user}
        self.issues.append(issue | {"state": "open", "labels": [label]} | more)

    def api(self, **more: Any) -> GithubApi:
        return GithubApi(repository=REPOSITORY, token=TOKEN, url=self.url, **more)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_RUN_ID": RUN,
        }

    @property
    def bodies(self) -> list[str]:
        return [each["body"] for each in self.issues]

    @property
    def open_issues(self) -> list[str]:
        return [each["title"] for each in self.issues if each["state"] == "open"]

    def token(self, headers: Mapping[str, str]) -> str:
        return headers.get("Authorization", "").removeprefix("Bearer ")

    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], target: str) -> Answer:
        match method, path.removeprefix(f"/repos/{REPOSITORY}/").split("/"):
            case "GET", ["issues", "7", "comments"]:
                return self.paged(self.comments, query, target)
            case "POST", ["issues", "7", "comments"]:
                self.add_comment(body["body"])
                return 201, self.comments[-1], ""
            case "PATCH", ["issues", "comments", comment]:
                return _changed(self.comments, "id", comment, body)
            case "GET", ["issues"]:
                wanted = [i for i in self.issues if i["state"] == query["state"] and query["labels"] in i["labels"]]
                return self.paged(wanted, query, target)
            case "POST", ["issues"]:
                self.add_issue(body["title"], body["body"], body["labels"][0])
                return 201, self.issues[-1], ""
            case "PATCH", ["issues", issue]:
                return _changed(self.issues, "number", issue, body)
            case "GET", words:
                return self._answer_of_code(words, query, target)
        return 404, {"message": "Not Found"}, ""

    def _take_later(self) -> list[dict[str, Any]]:
        self.reviews += self.later_reviews
        return []

    def _answer_of_code(self, words: list[str], query: Mapping[str, str], target: str) -> Answer:
        match words:
            case ["actions", "runs", run, "approvals"] if run == RUN:
                known, self.later_reviews = list(self.reviews), self._take_later()
                return 200, known, ""
            case ["commits", commit] if commit in self.commits:
                return 200, self.commits[commit], ""
            case ["commits", commit, "pulls"] if commit in self.pulls:
                return self.paged(self.pulls[commit], query, target)
            case ["pulls", number] if (found := self._pull(number)) is not None:
                return 200, {"merged_by": None, **found}, ""
            case ["pulls", number, "commits"] if self._pull(number) is not None:
                return self.paged(self.pull_commits.get(int(number), []), query, target)
            case ["compare", pair] if pair in self.between:
                return 200, {"commits": self.between[pair]}, ""
        return 404, {"message": "Not Found"}, ""

    def _pull(self, number: str) -> dict[str, Any] | None:
        return next((each for found in self.pulls.values() for each in found if f"{each['number']}" == number), None)


def _changed(there: list[dict[str, Any]], key: str, number: str, body: dict[str, Any]) -> Answer:
    for each in there:
        if f"{each[key]}" == number:
            each.update(body)
            return 200, each, ""
    return 404, {"message": "Not Found"}, ""


@contextmanager
def github() -> Iterator[GithubServer]:
    told = GithubServer()
    with serving(told):
        yield told
