"""What Terraform said when it failed, as problems that a person can act on."""

import contextlib
import re
from collections.abc import Iterator, Sequence

from envctl.adapters.disk.reading import read_text
from envctl.adapters.terraform.diagnostics import existing_resources, full_disk, killed_process
from envctl.adapters.terraform.diagnostics.causes import DENIED, UPSTREAM_GONE, cause_of
from envctl.adapters.terraform.diagnostics.missing_outputs import upstream_behind
from envctl.adapters.terraform.process import disk_errors
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import Ended
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state import state_lock, unsaved_state
from envctl.domain.errors import EnvctlError, Location, OperationFailedError, Problem, UpstreamBehindError
from envctl.domain.plan.changes import ResourceChange
from envctl.domain.terraform.workdir_names import CODE, MAIN

_DONE = ("Failed to create local state file", "Failed to persist state to backend")
# In a module: those of the root module are rendered, with the role of the environment.
_REMOTE_STATE = ".data.terraform_remote_state."
_BY_INPUTS = (
    "a module reads that state as who runs envctl, or as a role of its own, and not as the role of the environment:"
    " read another stack by [stacks.STACK] inputs in envctl.toml"
)
_KEY = re.compile(r'\s*"((?:[^"\\]|\\.)*)": ')
_TEXT = re.compile(r"\A\s*Error: ([^\n]+)\n(.*)\Z", re.DOTALL)


def failure(ended: Ended, transcript: Transcript, site: Site, command: str) -> EnvctlError:
    """The error to raise for a run that did not end well."""
    for diagnostic in transcript.errors or _spoken(ended):
        if locked := state_lock.held(diagnostic, site):
            return locked
    planned = transcript.planned if command == "apply" else ()
    problems = _once([_problem(each, site, command, planned) for each in _worth_telling(ended, transcript)])
    if death := killed_process.problem(ended, transcript, site, command):
        problems.insert(0, death)
    if not problems:
        said = (ended.errors or "".join(transcript.other)).strip() or f"it ended with code {ended.code}"
        code, hint = _code_and_hint(said, site, command)
        message = f"terraform {command} of {site.stack.name} failed: {said}"
        problems = [Problem(code, message, hint, stack=site.stack.name)]
    if command == "plan" and (lacking := upstream_behind(transcript, site, problems)):
        return lacking
    if command == "apply" and unsaved_state.lies(site):
        problems.insert(0, unsaved_state.problem(site))
    return OperationFailedError(*problems)


def _worth_telling(ended: Ended, transcript: Transcript) -> list[Diagnostic]:
    errors = killed_process.beside(transcript.errors) if killed_process.victim(ended, transcript) else transcript.errors
    # What Terraform tells people to do with a state that it could write nowhere was done by the time they read it.
    return [each for each in errors if transcript.dumped is None or each.summary not in _DONE]


def _once(problems: list[Problem]) -> list[Problem]:
    """Terraform fails at a full disk again and again: for the plan, the state, and what is to save the state."""
    full = [problem for problem in problems if problem.code == disk_errors.CODE]
    return [problem for problem in problems if problem not in full[1:]]


def missing_upstream(error: EnvctlError) -> bool:
    """Whether all that went wrong is that the state of a stack which this one reads, or what is read of it, is not
    there.
    """
    return isinstance(error, UpstreamBehindError) or all(problem.code == UPSTREAM_GONE for problem in error.problems)


def _spoken(ended: Ended) -> list[Diagnostic]:
    """Commands that know no `-json` say the same as text."""
    said = _TEXT.match(ended.errors)
    return [Diagnostic("error", said[1], said[2])] if said else []


def _problem(diagnostic: Diagnostic, site: Site, command: str, planned: Sequence[ResourceChange]) -> Problem:
    stack = site.stack.name
    # The AWS provider has summaries of several lines.
    summary, _, more = diagnostic.summary.strip().partition("\n")
    address = diagnostic.address.removeprefix(f"module.{stack}.")
    message = f"{stack}: {summary}" + (f" ({address})" if address else "")
    for detail in (more.strip(), diagnostic.detail.strip()):
        message += f"\n{detail}" if detail else ""
    if (change := existing_resources.created(diagnostic, planned, stack)) is not None:
        code, hint = existing_resources.EXISTS, existing_resources.hint(change, stack, site.environment)
    else:
        code, hint = _code_and_hint(f"{diagnostic.summary}\n{diagnostic.detail}", site, command)
        if code == DENIED and _REMOTE_STATE in diagnostic.address:
            hint = _BY_INPUTS
    return Problem(code, message, hint, _location(diagnostic, site), stack, address)


def _code_and_hint(said: str, site: Site, command: str) -> tuple[str, str]:
    cause = cause_of(said)
    if cause is None:
        return "E305", _next(command)
    return cause.code, full_disk.hint(said, site.directory) if cause.code == disk_errors.CODE else cause.hint


def _location(diagnostic: Diagnostic, site: Site) -> Location | None:
    """The file that a person edits: a module, where its copy in the release is named, and the project file, where the
    root module is that was made of it.
    """
    if not diagnostic.file:
        return None
    code = f"../{CODE}/"
    if diagnostic.file == MAIN:
        said = site.locate(site.environment, _path_at(site, diagnostic.line)) if diagnostic.line else None
        return said or Location(f"{site.stack.name}/{MAIN}", diagnostic.line)
    return Location(diagnostic.file.removeprefix(code), diagnostic.line)


def _path_at(site: Site, number: int) -> tuple[str | int, ...]:
    """The keys that lead to a line of the root module, which is written with one value a line."""
    try:
        lines = read_text(site.directory / MAIN).splitlines()[:number]
    except OSError:
        return ()
    path: list[str | int] = []
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        if line.lstrip()[:1] in ("}", "]"):
            path = path[:depth]
        elif key := _KEY.match(line):
            path = [*path[: depth - 1], key[1]]
        elif depth:
            before = path[depth - 1] if len(path) >= depth else -1
            path = [*path[: depth - 1], before + 1 if isinstance(before, int) else 0]
    return tuple(path)


def _next(command: str) -> str:
    if command == "apply":
        return "what was applied is kept; correct the cause, and the same command goes on from there"
    return "nothing was changed; correct the cause and run the command again"


@contextlib.contextmanager
def unreadable(stack: str, said: str = "") -> Iterator[None]:
    """What can't be read of a plan must not pass for a plan without changes."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"the plan of {stack} can't be read: {said.strip() or error}"
        hint = "run it again; if it stays so, this Terraform is newer than envctl knows"
        raise OperationFailedError(Problem("E304", message, hint, stack=stack)) from error
