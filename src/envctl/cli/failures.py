"""Conversion of any exception to an EnvctlError with a readable message. Imported only after a failure."""

import os
import re
import shlex
import sys
import traceback
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any

from envctl.cli.options.global_options import FLAGS, SANDBOX_VARIABLE, VALUE_OPTIONS, Options, find_command_name
from envctl.cli.output.redaction import current_redaction
from envctl.domain.errors import EnvctlError, Problem, UnexpectedError, UsageError
from envctl.domain.text.suggestions import find_nearest

# No credentials of AWS, or none that it knows.
_SIGN_IN_CODES = frozenset({"E324", "E413", "E415", "E453"})
# Nothing was deployed yet.
_EMPTY_CODES = frozenset({"E414", "G102"})
# Options of Terraform and others, by what they are called here.
_OPTIONS_ELSEWHERE = {"auto-approve": "--yes", "force": "--yes", "target": "--stack"}


def to_envctl_error(error: Exception, options: Options, words: Sequence[str]) -> EnvctlError:
    """Return the error with a code and a hint. Unexpected errors are bugs: write a log file for them."""
    if isinstance(error, EnvctlError):
        return _name_project_folder(_name_forgotten_sandbox(error, options, words), options)
    if isinstance(error, OSError):
        from envctl.adapters.disk.faults import to_disk_error

        if (machine_error := to_disk_error(error)) is not None:
            return machine_error
    if hasattr(error, "format_message"):
        # Typer's own usage errors: their class belongs to click, possibly a copy inside typer.
        return UsageError(_to_usage_problem(error, words))
    return _report_bug(error, options)


def _name_forgotten_sandbox(error: EnvctlError, options: Options, words: Sequence[str]) -> EnvctlError:
    """Add the command with `--sandbox` to the hint where credentials are missing in a project tried in the sandbox."""
    first = error.problems[0] if error.problems else None
    if first is None or first.code not in _SIGN_IN_CODES or options.sandbox:
        return error
    if (options.project / ".envctl" / "sandbox").is_dir():
        hint = f"{first.hint}; or, for the sandbox: {_add_sandbox(words)}"
        error.problems = (replace(first, hint=hint), *error.problems[1:])
    return error


def find_sandbox_hint(error: EnvctlError, options: Options, words: Sequence[str]) -> str:
    """Return the command with `--sandbox` where nothing was deployed, and a sandbox of the project runs; else ""."""
    is_empty = any(problem.code in _EMPTY_CODES for problem in error.problems)
    if options.sandbox or not is_empty or not (options.project / ".envctl" / "sandbox" / "state.json").is_file():
        return ""
    return f"the sandbox of this project is running: {_add_sandbox(words)}"


def _add_sandbox(words: Sequence[str]) -> str:
    # Only those in front: behind `--` they belong to the command of `exec`.
    return f"envctl --sandbox {shlex.join(dropwhile(FLAGS.__contains__, words))}"


def _name_project_folder(error: EnvctlError, options: Options) -> EnvctlError:
    """Name the folder of a project above this one that the search did not take."""
    first = error.problems[0] if error.problems else None
    if first is None or first.code != "E100":
        return error
    from envctl.adapters.disk.paths import resolve_path
    from envctl.cli.project_folder import search_current_folder

    found = search_current_folder() if options.project == Path() else None
    if found is not None and found.refused is not None:
        folder = shlex.quote(os.path.relpath(found.refused))
        message = f"the project file in {folder} is not used: {found.doubt}"
        error.problems = (Problem("E190", message, f"if you trust it: envctl --project {folder} …"),)
        return error
    above = next((each for each in resolve_path(options.project).parents if (each / "envctl.toml").is_file()), None)
    if above is not None:
        hint = f"the project is in a folder above: cd {shlex.quote(os.path.relpath(above))}"
        error.problems = (replace(first, hint=hint), *error.problems[1:])
    return error


def _to_usage_problem(error: Any, words: Sequence[str]) -> Problem:  # noqa: ANN401 (of click, or of its copy)
    """Return the problem in words for people, with the nearest option and the help of the command."""
    context = getattr(error, "ctx", None)
    command = f"envctl {find_command_name(words)}".rstrip()
    message = error.format_message()
    kind = type(error).__name__
    if kind == "NoSuchOption":
        wrong = error.option_name
        own = [name for each in (context.command.params if context else ()) for name in each.opts]
        message = f"unknown option {wrong}" + _suggest_option(wrong, {*own, *FLAGS, *VALUE_OPTIONS})
    parameter = getattr(error, "param", None)
    if kind == "MissingParameter" and context and parameter and parameter.param_type_name == "argument":
        message = f"{parameter.name.upper()} is missing: {_format_usage(command, context)}"
    if context and (surplus := re.fullmatch(r"Got unexpected extra arguments? ?(?:\(s\) )?\((.*)\)", message)):
        message = f"too many arguments: {surplus[1]}; use: {_format_usage(command, context)}"
    message = re.sub(r"Option '(.+)' requires an argument\.", r"\1 needs a value", message)
    message = re.sub(r"\bis not a valid (int|integer|float)( range)?\b", _name_kind, message)
    message = re.sub(r"\bis not in the range x>=(-?\d+)", r"must be \1 or more", message)
    message = re.sub(r"\bis not in the range (-?\d+)<=x<=(-?\d+)", r"must be from \1 to \2", message)
    if "valid boolean" in message:
        # No flag takes a value: it came from the only variable.
        message = f"{SANDBOX_VARIABLE} must be 1, or not set"
    return Problem("E000", message, f"{command} --help")


def _format_usage(command: str, context: Any) -> str:  # noqa: ANN401 (of click, or of its copy)
    pieces = [each for each in context.command.collect_usage_pieces(context) if not each.startswith("[OPTION")]
    return f"{command} {' '.join(pieces).upper()}"


def _suggest_option(wrong: str, known: Collection[str]) -> str:
    """Return the end of the message: the option of that name elsewhere, or the nearest one."""
    near = _OPTIONS_ELSEWHERE.get(wrong.lstrip("-"))
    if near not in known:
        # Two dashes are alike in every option.
        by_name = {each.lstrip("-"): each for each in known if each.startswith("--")}
        near = by_name.get(find_nearest(wrong.lstrip("-"), by_name) or "")
    return f"; did you mean {near}?" if near else ""


def _name_kind(found: re.Match[str]) -> str:
    return "must be a number" if found[1] == "float" else "must be a whole number"


def _report_bug(error: Exception, options: Options) -> EnvctlError:
    text = current_redaction().redact_message("".join(traceback.format_exception(error)))
    file = options.project / ".envctl" / "logs" / f"bug-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    hint = f"the details are in {file}: please report them"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError:
        hint = "run it again with --debug for the details, and please report them"
    if options.debug:
        sys.stderr.write(text)
    return UnexpectedError(Problem("E070", f"a bug of envctl: {type(error).__name__}", hint))
