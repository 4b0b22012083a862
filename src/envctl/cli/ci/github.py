"""GitHub Actions: workflow commands in the log, and the files that a step leaves outputs and its summary in.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from envctl.adapters.disk.writing import append_text
from envctl.cli.ci.answers import drift_in, page
from envctl.cli.ci.outcome import outcome
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current, unredacted

if TYPE_CHECKING:
    from envctl.adapters.forge.github import GithubApi
    from envctl.cli.ci.conversation import Conversation
    from envctl.domain.errors import EnvctlError, Problem

# GitHub shows ten of a kind for a step, and drops the others without a word.
MOST = 10
# Whoever masks less hides half of the log.
SHORTEST = 4
# So much of what has drifted is named in one annotation.
NAMED = 3
# What these answer with is worth reading without the log. Of all others only what went wrong is.
SUMMED_UP = frozenset(
    {
        "apply",
        "approve",
        "collect",
        "destroy",
        "diff",
        "drift",
        "plan",
        "preview",
        "promote",
        "recover",
        "rollback",
        "verify",
        "why",
    }
)


class GithubJob:
    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment
        self._hidden: set[str] = set()

    def opened(self, name: str, title: str) -> str:  # noqa: ARG002 (groups have no names)
        return f"::group::{_data(title)}"

    def closed(self, name: str) -> str:  # noqa: ARG002
        return "::endgroup::"

    def hide(self, values: Collection[str]) -> None:
        # A log has lines: a value with several of them is never met as a whole.
        lines = {line.strip() for value in values for line in value.splitlines()}
        for line in sorted(lines - self._hidden):
            if len(line) >= SHORTEST:
                self._hidden.add(line)
                _write(f"::add-mask::{_data(line)}", unredacted(sys.stderr))

    def ended(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:
        for line in self._annotations(result, error):
            _write(line)
        told = outcome(result, error, code)
        self._append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in told.items()))
        if not self._options.markdown:
            # Who asks for Markdown puts it where it belongs.
            self._append("GITHUB_STEP_SUMMARY", _summary(command, result, error))
        self._conversation.keep(self._options, command, result, error)

    def demand_forge(self) -> None:
        self._conversation.demand(self._options)

    @property
    def _conversation(self) -> "Conversation":
        from envctl.cli.ci.conversation import Conversation

        return Conversation(self._forge, self._pull_request)

    def _forge(self) -> "GithubApi":
        from envctl.adapters.forge.github import URL, GithubApi
        from envctl.cli.ci.conversation import nobody

        known = self._environment
        repository, token = known.get("GITHUB_REPOSITORY", ""), known.get("GITHUB_TOKEN") or known.get("GH_TOKEN", "")
        if not (repository and token):
            message = "GitHub can be told nothing: the step has no token"
            raise nobody(message, "hand it over: env: GITHUB_TOKEN: ${{ github.token }}")
        return GithubApi(repository, token, known.get("GITHUB_API_URL") or URL, known)

    def _pull_request(self) -> int:
        from envctl.cli.ci.conversation import nobody

        found = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", self._environment.get("GITHUB_REF", ""))
        if found is None:
            raise nobody("there is no pull request to comment on", "leave --comment out, or run it on: pull_request")
        return int(found[1])

    def _annotations(self, result: object | None, error: "EnvctlError | None") -> Iterator[str]:
        problems = error.problems if error else ()
        for problem in problems[: MOST if len(problems) <= MOST else MOST - 1]:
            yield self._annotation("error", problem)
        if len(problems) > MOST:
            yield f"::error title=envctl::and {len(problems) - MOST + 1} more problems: the log has them all"
        for name, told in _drifted(result):
            yield f"::warning title={_property(f'drift in {name}')}::{_data(told)}"

    def _annotation(self, kind: str, problem: "Problem") -> str:
        place = problem.location
        properties = {"title": problem.code}
        if place is not None:
            properties |= {"file": self._from_the_top(place.file), "line": f"{place.line or 1}"}
        told = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
        return f"::{kind} {','.join(f'{name}={_property(value)}' for name, value in properties.items())}::{_data(told)}"

    def _from_the_top(self, file: str) -> str:
        """Of the repository, which GitHub counts from; a project may be a folder in it."""
        path = self._options.project.absolute() / file
        with suppress(ValueError):
            return path.relative_to(self._environment.get("GITHUB_WORKSPACE", "")).as_posix()
        return file

    def _append(self, name: str, text: str) -> None:
        """Where it can't be written the command has still done what it has done."""
        if text and (file := self._environment.get(name)):
            with suppress(OSError):
                append_text(file, current().redact(text))


def _summary(command: str, result: object | None, error: "EnvctlError | None") -> str:
    told = result if command in SUMMED_UP else None
    return f"{page(told, error).rstrip()}\n\n" if told is not None or error is not None else ""


def _drifted(result: object | None) -> Iterator[tuple[str, str]]:
    from envctl.domain.text.lists import first_of

    if (drift := drift_in(result)) is None:
        return
    for each in drift.environments:
        if each.drifted:
            yield each.environment, f"{each.drifted} not as the state says: {first_of(each.named, NAMED)}"


def _write(line: str, out: TextIO | None = None) -> None:
    """Beside the result, which may go into a file."""
    out = out or sys.stderr
    out.write(f"{line}{os.linesep}")
    out.flush()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
