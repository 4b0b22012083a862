"""The entry point: runs a command line. Those that run most often, `plan ENV`, `drift [ENV …]` and `validate [ENV]`
without options of their own, run without Typer: it takes a fifth of the time until the first Terraform starts, and a
tenth of `validate`. Every other command line, and each one that may be wrong, is left to Typer.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from envctl.cli.boundary import run_guarded
from envctl.cli.options.global_options import (
    FLAGS,
    SANDBOX_VARIABLE,
    Options,
    is_sandbox_asked,
    move_global_options_first,
)
from envctl.cli.project_folder import choose_project_folder

# Without those that depend on the command.
_FLAGS = FLAGS.keys() - {"--comment", "--issues", "--dry-run"}


@dataclass
class ShortContext:
    """What a command reads from the context of Typer."""

    obj: Options
    command_path: str


def find_short_command(words: Sequence[str]) -> Callable[[], object] | None:
    """Return what runs this command line; None if Typer has to."""
    rest = [word for word in words if word not in _FLAGS]
    if not all(rest) or any(word.startswith("-") for word in rest):
        return None
    if SANDBOX_VARIABLE in os.environ and not is_sandbox_asked(os.environ):
        # Its value is unclear.
        return None
    match rest:
        case ["plan", environment]:
            return lambda: _plan(_create_context(words, "plan"), environment)
        case ["drift", *names]:
            return lambda: _check_drift(_create_context(words, "drift"), names)
        case ["validate"] | ["validate", _]:
            return lambda: _validate(_create_context(words, "validate"), *rest[1:])
    return None


def _create_context(words: Sequence[str], command: str) -> ShortContext:
    flags = {word.removeprefix("--").replace("-", "_"): True for word in words if word in _FLAGS}
    given = {"sandbox": is_sandbox_asked(os.environ), **flags}
    options = Options(project=choose_project_folder(None, command), **given)  # type: ignore[arg-type]
    return ShortContext(options, f"envctl {command}")


def _plan(context: ShortContext, environment: str) -> object:
    from envctl.cli.boundary import only_look
    from envctl.cli.commands.inspect.plan_tree import plan_tree

    only_look(context)
    return plan_tree(context, environment)


def _check_drift(context: ShortContext, names: Sequence[str]) -> object:
    from envctl.cli.boundary import only_look, run_use_case
    from envctl.usecases.drift.early_start import run_drift_check

    only_look(context)
    exit_code = lambda found: int(found.exit_code(pending=False))  # noqa: E731
    run_use_case(context, lambda ports: run_drift_check(ports, names), exit_code)


def _validate(context: ShortContext, environment: str = "") -> object:
    from envctl.cli.boundary import run_use_case
    from envctl.usecases.inspect.settings import validate_project

    run_use_case(context, lambda ports: validate_project(ports, environment, only_settings=False))


def run(arguments: Sequence[str]) -> int:
    """Run a command line, or complete one for a shell; return its exit code."""
    return load_command(arguments)()


def load_command(arguments: Sequence[str]) -> Callable[[], int]:
    """Return what runs a command line. All that is imported before the first action is imported here."""
    if instruction := os.environ.get("_ENVCTL_COMPLETE"):
        from envctl.cli.shell_completion import print_completions

        return lambda: print_completions(instruction)
    words = move_global_options_first(arguments)
    command = find_short_command(words)
    if command is None:
        from envctl.cli.app import run_app

        return lambda: run_guarded(lambda: run_app(words), words)
    return lambda: run_guarded(command, words)
