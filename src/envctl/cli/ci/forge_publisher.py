"""Comments and issues on the forge: one pull request comment a command, one issue an environment with drift."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envctl.cli.ci.result_views import find_drift, render_markdown
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current_redaction
from envctl.domain.errors import EnvctlError

if TYPE_CHECKING:
    from envctl.adapters.forge.posts import ForgePost
    from envctl.usecases.drift.result import Drift, EnvironmentDrift

LABEL = "envctl-drift"


class Forge(Protocol):
    """The API of GitHub or GitLab. A pull request is a merge request on GitLab."""

    def list_comments(self, pull_request: int) -> Iterable["ForgePost"]: ...

    def add_comment(self, pull_request: int, body: str) -> None: ...

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None: ...

    def list_issues(self, label: str) -> Iterable["ForgePost"]: ...

    def open_issue(self, title: str, body: str, label: str) -> None: ...

    def edit_issue(self, issue: int, body: str) -> None: ...

    def close_issue(self, issue: int) -> None: ...


@dataclass(frozen=True)
class ForgePublisher:
    """Publishes results to the forge. Both factories run on first need, and raise UsageError if unavailable."""

    forge: Callable[[], Forge]
    pull_request: Callable[[], int]

    def require_forge(self, options: Options) -> None:
        self.forge()
        if options.comment:
            self.pull_request()

    def publish_result(self, options: Options, command: str, result: object | None, error: EnvctlError | None) -> None:
        if options.comment:
            body = current_redaction().redact(render_markdown(result, error))
            upsert_comment(self.forge(), self.pull_request(), command, body)
        if options.issues and (drift := find_drift(result)) is not None:
            update_drift_issues(self.forge(), drift)


def add_marker(name: str, text: str) -> str:
    """Put an invisible marker in front of a text, to find it again."""
    return f"<!-- envctl: {name} -->\n{text}"


def upsert_comment(forge: Forge, pull_request: int, name: str, text: str) -> None:
    """Add or update the comment of this name. Comments by people are never changed, even with a marker."""
    body = add_marker(name, text)
    for note in forge.list_comments(pull_request):
        if note.machine and note.body.startswith(add_marker(name, "")):
            # Compared without trailing space: GitLab removes it.
            if note.body.rstrip() != body.rstrip():
                forge.edit_comment(pull_request, note.number, body)
            return
    forge.add_comment(pull_request, body)


def update_drift_issues(forge: Forge, drift: "Drift") -> None:
    """Keep one issue open for each environment with drift, and close it for a clean one. Unchecked environments change
    no issue. Continues after a failure, and raises the first one at the end.
    """
    existing: dict[str, ForgePost] = {}
    for note in forge.list_issues(LABEL):
        if note.machine:
            existing.setdefault(note.body.partition("\n")[0], note)
    failed: list[EnvctlError] = []
    for each in drift.environments:
        try:
            _update_drift_issue(forge, each, existing.get(add_marker(f"drift in {each.environment}", "").strip()))
        except EnvctlError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _update_drift_issue(forge: Forge, each: "EnvironmentDrift", note: "ForgePost | None") -> None:
    if each.drifted:
        from envctl.usecases.drift.result import Drift

        text = render_markdown(Drift((each,)), None)
        body = current_redaction().redact(add_marker(f"drift in {each.environment}", text))
        if note is None:
            forge.open_issue(f"Drift in {each.environment}", body, LABEL)
        elif note.body.rstrip() != body.rstrip():
            forge.edit_issue(note.number, body)
    elif note is not None and each.condition in ("clean", "empty") and each.whole:
        forge.close_issue(note.number)
