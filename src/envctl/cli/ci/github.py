"""GitHub Actions: workflow commands in the log, step outputs and the job summary.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.files import append_text
from envctl.cli.ci.job import CiJob
from envctl.cli.ci.outcome import to_variables
from envctl.cli.ci.result_views import find_drift, render_markdown
from envctl.cli.options.global_options import Options
from envctl.cli.options.wait_ok import is_wait_ok
from envctl.cli.output.job_log import break_markers, write_command
from envctl.cli.output.redaction import current_redaction

if TYPE_CHECKING:
    from envctl.adapters.forge.github import GithubApi
    from envctl.cli.ci.job_run import JobRun
    from envctl.domain.errors import EnvctlError, Problem

# GitHub shows ten annotations of a kind for a step, and drops the others silently.
MAX_ANNOTATIONS = 10
# Masking shorter texts would hide half of the log.
MIN_MASK_LENGTH = 4
# Drifted resources named in one annotation.
MAX_NAMED = 3
# Commands with a summary of their result. All other commands summarize errors only.
SUMMARIZED_COMMANDS = frozenset(
    {"apply", "approve", "destroy", "promote", "recover", "rollback", "verify"}
    | {"collect", "diff", "drift", "plan", "preview", "why"}
)


class GithubJob(CiJob):
    root_variable = "GITHUB_WORKSPACE"

    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        super().__init__(options, environment)
        self._masked: set[str] = set()

    def format_fold_start(self, name: str, title: str) -> str:  # noqa: ARG002 (groups have no names)
        return f"::group::{_escape_text(title)}"

    def format_fold_end(self, name: str) -> str:  # noqa: ARG002
        return "::endgroup::"

    def mask_values(self, values: Collection[str]) -> None:
        # GitHub masks line by line: a value of several lines never matches as a whole.
        lines = {line.strip() for value in values for line in value.splitlines()}
        for line in sorted(lines - self._masked):
            if len(line) >= MIN_MASK_LENGTH:
                self._masked.add(line)
                # The mask is the exact value.
                write_command(f"::add-mask::{_escape_data(line)}")

    def publish_result(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:
        for line in self._format_annotations(result, error, code):
            self.write_command(line)
        outputs = to_variables(result, error, code)
        self._append_to_file("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
        if not self._options.markdown:
            # With --markdown the caller writes the summary.
            shown = result if command in SUMMARIZED_COMMANDS else None
            summary = render_markdown(shown, error).rstrip()
            self._append_to_file("GITHUB_STEP_SUMMARY", f"{summary}\n\n" if summary else "")
        super().publish_result(command, result, error, code)

    def annotate_failure(self, failure: "EnvctlError", *, is_warning: bool) -> None:
        for problem in failure.problems:
            self.write_command(self._format_annotation("warning" if is_warning else "error", problem))

    def _find_run(self, at: datetime) -> "JobRun | None":
        from envctl.cli.ci.job_run import find_github_run

        return find_github_run(self._environment, at)

    def _create_api(self) -> "GithubApi":
        from envctl.adapters.forge.github import API_URL, GithubApi
        from envctl.adapters.forge.reviews import find_token
        from envctl.domain.errors import Problem, UsageError

        variables = self._environment
        repository = variables.get("GITHUB_REPOSITORY", "")
        token = find_token(variables)
        if not (repository and token):
            message = "can't write to GitHub: the step has no token"
            raise UsageError(Problem("E037", message, "add it: env: GITHUB_TOKEN: ${{ github.token }}"))
        return GithubApi(
            repository=repository, token=token, url=variables.get("GITHUB_API_URL") or API_URL, environ=variables
        )

    def _find_pull_request(self) -> int:
        from envctl.domain.errors import Problem, UsageError

        found = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", self._environment.get("GITHUB_REF", ""))
        if found is None:
            hint = "leave --comment out, or run it on: pull_request"
            raise UsageError(Problem("E037", "no pull request to comment on", hint))
        return int(found[1])

    def _format_annotations(self, result: object | None, error: "EnvctlError | None", code: int) -> Iterator[str]:
        problems = error.problems if error else ()
        kind = "notice" if is_wait_ok(code, error) else "error"
        for problem in problems[: MAX_ANNOTATIONS if len(problems) <= MAX_ANNOTATIONS else MAX_ANNOTATIONS - 1]:
            yield self._format_annotation(kind, problem)
        if len(problems) > MAX_ANNOTATIONS:
            yield f"::{kind} title=envctl::and {len(problems) - MAX_ANNOTATIONS + 1} more problems: see the log"
        list_pins = getattr(result, "list_pin_problems", None)
        for problem in list_pins(fatal=False)[:MAX_ANNOTATIONS] if list_pins else ():
            yield self._format_annotation("warning", problem)
        for name, message in _describe_drift(result):
            yield f"::warning title={_escape_property(f'drift in {name}')}::{_escape_text(message)}"

    def _format_annotation(self, kind: str, problem: "Problem") -> str:
        location = problem.location
        properties = {"title": problem.code}
        if location is not None:
            properties |= {"file": self._to_repository_path(location.file), "line": f"{location.line or 1}"}
        text = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
        listed = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
        return f"::{kind} {listed}::{_escape_text(text)}"

    def _to_repository_path(self, file: str) -> str:
        """Return the path from the root of the repository, as GitHub needs it; the project may be a subfolder."""
        path = Path(os.path.normpath(self._options.project.absolute() / file))
        with suppress(ValueError):
            return path.relative_to(self._environment.get("GITHUB_WORKSPACE", "")).as_posix()
        return file

    def _append_to_file(self, name: str, text: str) -> None:
        """Append to the file in this variable. Write errors are ignored: the outcome of the command stays."""
        if text and (file := self._environment.get(name)):
            with suppress(OSError):
                append_text(file, current_redaction().redact(text))


def _describe_drift(result: object | None) -> Iterator[tuple[str, str]]:
    from envctl.domain.text.lists import join_first

    if (drift := find_drift(result)) is None:
        return
    for each in drift.environments:
        if each.drifted:
            yield (
                each.environment,
                f"{each.drifted} different from the state: {join_first(each.drifted_names, MAX_NAMED)}",
            )


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_text(text: str) -> str:
    """Escape a text for readers: GitHub shows it as lines of the log."""
    return _escape_data(break_markers(text))


def _escape_property(text: str) -> str:
    return _escape_text(text).replace(":", "%3A").replace(",", "%2C")
