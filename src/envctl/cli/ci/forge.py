"""What envctl needs of a forge for its comments and issues."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envctl.adapters.forge.posts import ForgePost


class Forge(Protocol):
    """The API of GitHub or GitLab. A pull request is a merge request on GitLab."""

    def list_comments(self, pull_request: int) -> Iterable["ForgePost"]: ...

    def add_comment(self, pull_request: int, body: str) -> None: ...

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None: ...

    def list_issues(self, label: str) -> Iterable["ForgePost"]: ...

    def open_issue(self, title: str, body: str, label: str) -> None: ...

    def edit_issue(self, issue: int, body: str) -> None: ...

    def close_issue(self, issue: int) -> None: ...
