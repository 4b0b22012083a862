"""Changes of a pull or merge request that a plan does not show: of rules, workflows, and programs of the project."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from envctl.domain.text.lists import join_first

Kind = Literal["rules", "workflows", "programs"]
MAX_NAMED = 5
_WORKFLOWS = (".github/", ".gitlab/", ".gitlab-ci.yml", "buildspec.yml")
# A module or a provider starts a program with these, even during a plan.
_STARTS_PROGRAM = (b'"external"', b"local-exec", b"remote-exec")
PROJECT_FILE = "envctl.toml"


@dataclass(frozen=True)
class RequestChange:
    """What a request changes besides resources. `paths` are relative to the top of the repository."""

    kind: Kind
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} ({join_first(self.paths, MAX_NAMED)})"


def list_request_changes(
    paths: Iterable[str], folder: str, programs: Sequence[str], modules: Mapping[str, bytes]
) -> tuple[RequestChange, ...]:
    """Return the changes of each kind that there are.

    `paths` are the changed files, `folder` is the project in its repository, `programs` are the words of its commands,
    and `modules` the contents of changed Terraform files by path.
    """
    found: dict[Kind, list[str]] = {"rules": [], "workflows": [], "programs": []}
    places = [path for path in (_to_place(folder, word) for word in programs) if path]
    for path in sorted(paths):
        if path == f"{folder}/{PROJECT_FILE}".lstrip("/"):
            found["rules"].append(path)
        elif path.startswith(_WORKFLOWS):
            found["workflows"].append(path)
        elif any(path == place or path.startswith(f"{place}/") for place in places) or any(
            mark in modules.get(path, b"") for mark in _STARTS_PROGRAM
        ):
            found["programs"].append(path)
    return tuple(RequestChange(kind, tuple(listed)) for kind, listed in found.items() if listed)


def _to_place(folder: str, word: str) -> str:
    """Return the place in the repository that a word of a command may name: a file, with the files beside it."""
    path = PurePosixPath(word)
    if path.is_absolute() or ".." in path.parts or word.startswith("-") or not path.parts:
        return ""
    beside = path.parent if len(path.parts) > 1 and path.suffix else path
    return (PurePosixPath(folder) / beside).as_posix()
