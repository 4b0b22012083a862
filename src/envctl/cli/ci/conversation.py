"""What is written for people where the code is hosted: one comment of a pull request, one issue for each drift."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envctl.cli.ci.answers import drift_in, page
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current
from envctl.domain.errors import EnvctlError, Problem, UsageError

if TYPE_CHECKING:
    from envctl.adapters.forge.comment import Note
    from envctl.usecases.drift.result import Drift, EnvironmentDrift

LABEL = "envctl-drift"


class Forge(Protocol):
    """What GitLab calls a merge request is a pull request here."""

    def comments(self, pull_request: int) -> Iterable["Note"]: ...

    def comment(self, pull_request: int, body: str) -> None: ...

    def edit_comment(self, pull_request: int, comment: int, body: str) -> None: ...

    def issues(self, label: str) -> Iterable["Note"]: ...

    def open_issue(self, title: str, body: str, label: str) -> None: ...

    def edit_issue(self, issue: int, body: str) -> None: ...

    def close_issue(self, issue: int) -> None: ...


@dataclass(frozen=True)
class Conversation:
    """Both are asked for when they are needed, and raise UsageError where there is none."""

    forge: Callable[[], Forge]
    pull_request: Callable[[], int]

    def demand(self, options: Options) -> None:
        self.forge()
        if options.comment:
            self.pull_request()

    def keep(self, options: Options, command: str, result: object | None, error: EnvctlError | None) -> None:
        if options.comment:
            keep_comment(self.forge(), self.pull_request(), command, current().redact(page(result, error)))
        if options.issues and (drift := drift_in(result)) is not None:
            keep_issues(self.forge(), drift)


def nobody(message: str, hint: str) -> UsageError:
    """Who was to be told is not there."""
    return UsageError(Problem("E037", message, hint))


def marked(name: str, text: str) -> str:
    """With a mark that nobody sees, by which it is found again."""
    return f"<!-- envctl: {name} -->\n{text}"


def keep_comment(forge: Forge, pull_request: int, name: str, text: str) -> None:
    """One for each name. What a person wrote is never taken for it, whatever marks it bears."""
    body = marked(name, text)
    for note in forge.comments(pull_request):
        if note.machine and note.body.startswith(marked(name, "")):
            if not _same(note.body, body):
                forge.edit_comment(pull_request, note.number, body)
            return
    forge.comment(pull_request, body)


def keep_issues(forge: Forge, drift: "Drift") -> None:
    """One is open for each environment that has drifted, and none for one that is clean. What could not be looked at
    changes nothing. Goes on with the others where one fails, and raises what went wrong.
    """
    there: dict[str, Note] = {}
    for note in forge.issues(LABEL):
        if note.machine:
            there.setdefault(note.body.partition("\n")[0], note)
    failed: list[EnvctlError] = []
    for each in drift.environments:
        try:
            _keep_issue(forge, each, there.get(marked(f"drift in {each.environment}", "").strip()))
        except EnvctlError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _keep_issue(forge: Forge, each: "EnvironmentDrift", note: "Note | None") -> None:
    if each.drifted:
        body = current().redact(marked(f"drift in {each.environment}", _told(each)))
        if note is None:
            forge.open_issue(f"Drift in {each.environment}", body, LABEL)
        elif not _same(note.body, body):
            forge.edit_issue(note.number, body)
    elif note is not None and each.condition in ("clean", "empty") and each.whole:
        forge.close_issue(note.number)


def _same(there: str, body: str) -> bool:
    """GitLab leaves off what ends a text."""
    return there.rstrip() == body.rstrip()


def _told(each: "EnvironmentDrift") -> str:
    from envctl.cli.render.markdown import show
    from envctl.usecases.drift.result import Drift

    return show(Drift((each,)))
