"""The environments that a command names: found, selected, locked, and the project as seen from one.

One removed from the project file may still hold stacks by the ledger.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem, UsageError
from envctl.domain.text.lists import join_names
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.project_file import load_project

if TYPE_CHECKING:
    from envctl.domain.ledger.state import LedgerState


def load_context(ports: Ports, environment: str) -> tuple[Context, str]:
    """Return the ports with the project as seen from an environment, and that environment. Raises UsageError."""
    found = load_project(ports)
    target = find_environment(Context(ports, found), environment)
    return Context(ports, found.view_for(target)), target


def lock_target(ports: Ports, target: str, command: str, source: str = "") -> AbstractContextManager[None]:
    """Lock the work directory of an environment for a command of the current person."""
    names = f"{source} {target}" if source else target
    holder = f"envctl {command} {names} by {ports.identity.identify_actor().name}"
    return ports.workspace.lock_environment(target, holder)


def lock_targets(ports: Ports, targets: Iterable[str], command: str, locks: ExitStack) -> dict[str, EnvctlError | None]:
    """Lock the work directories of several environments, and return the error of each, if there is one."""
    found: dict[str, EnvctlError | None] = dict.fromkeys(targets)
    for target in found:
        try:
            locks.enter_context(lock_target(ports, target, command))
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            found[target] = error
    return found


def require_environment(project: Project, environment: str) -> str:
    """Return the environment. Raises UsageError (E002), suggesting the nearest name."""
    if environment in project.environments:
        return environment
    near = find_nearest(environment, project.environments)
    listed = ", ".join(project.all_environments)
    hint = f"did you mean {near}? (the environments are {listed})" if near else f"the environments are {listed}"
    raise UsageError(Problem("E002", f"unknown environment {environment!r}", hint))


def find_environment(context: Context, environment: str) -> str:
    """Return the environment. Raises UsageError: E139 for a removed one still holding stacks, else E002."""
    if environment not in context.project.environments:
        _check_not_gone(context, environment)
    return require_environment(context.project, environment)


def _check_not_gone(context: Context, environment: str) -> None:
    """Raise UsageError (E139) if the environment was removed from the project file and still holds stacks."""
    from envctl.usecases.ledger import journal

    try:
        present = journal.load(context.ports)
    except EnvctlError:
        # An unknown environment is reported even without a ledger.
        return
    for each in find_gone(context, present):
        if each.environment == environment:
            raise UsageError(describe_gone(each))


def find_recorded_environment(context: Context, environment: str) -> str:
    """Return the environment, even a removed one known to the ledger. Raises UsageError (E002)."""
    from envctl.usecases.ledger import journal

    if environment in context.project.environments or environment in journal.load(context.ports).environments:
        return environment
    return require_environment(context.project, environment)


def find_environments(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    """Select environments. Raises UsageError: E139 for a removed one still holding stacks, else E002."""
    return select_environments(context.project, [find_environment(context, name) for name in names])


def select_environments(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return the named environments, each once; without names, all of the pipeline and the standalone ones."""
    return tuple(dict.fromkeys(require_environment(project, name) for name in names)) or project.all_environments


@dataclass(frozen=True)
class GoneEnvironment:
    """A removed environment, with the release deployed there last."""

    environment: str
    release: str
    stacks: tuple[str, ...]
    entry: int = 0  # its last deployment
    successors: tuple[str, ...] = ()  # new environments without deployments: one of them seems to be its new name

    @property
    def successor(self) -> str:
        """The new name, if only one environment may be it."""
        return self.successors[0] if len(self.successors) == 1 else ""


def find_gone(context: Context, present: "LedgerState") -> tuple[GoneEnvironment, ...]:
    gone = [
        GoneEnvironment(
            name,
            here.last.release if here.last else "",
            tuple(sorted(here.held_stacks)),
            here.last.seq if here.last else 0,
        )
        for name, here in sorted(present.environments.items())
        if name not in context.project.environments and here.held_stacks
    ]
    return tuple(replace(each, successors=_list_successors(context, present, each)) for each in gone)


def _list_successors(context: Context, present: "LedgerState", gone: GoneEnvironment) -> tuple[str, ...]:
    """Return the environments without deployments in the account and region of a removed one.

    One that names its last entry in `moved_after` is another environment, by a line that people review.
    """
    from envctl.domain.rules.document import build_rules_document
    from envctl.usecases.ledger.rules_store import RULES

    project, recorded = context.project, present.find_environment(gone.environment).rules
    known = RULES.load_documents(context.ports, [recorded.digest]) if recorded else {}
    before = {(each.account_id, each.region) for each in known.values()}
    never = [
        name
        for name in project.all_environments
        if present.find_environment(name).last is None
        and (not gone.entry or project.environments[name].moved_after != gone.entry)
    ]
    documents = [build_rules_document(project, name) for name in never]
    return tuple(each.environment for each in documents if (each.account_id, each.region) in before)


def describe_gone(gone: GoneEnvironment) -> Problem:
    name = gone.environment
    message = f"{name} is no longer in envctl.toml, but still has the stacks {join_names(gone.stacks)}"
    if gone.successors:
        tables = join_names([f"[environments.{each}]" for each in gone.successors])
        verb, which = ("is", gone.successors[0]) if len(gone.successors) == 1 else ("are", "the one that it is now")
        message += f"; {join_names(gone.successors)} {verb} new in the same place: envctl does not rename environments"
        hint = f"call {which} {name} again; or restore {name} beside it and run {format_command('destroy', name)}"
        if gone.entry:
            hint += f"; if it is another environment, add moved_after = {gone.entry} to {tables}"
        return Problem("E139", message, hint)
    hint = f"restore {name} and its settings, run {format_command('destroy', name)}, then remove it"
    return Problem("E139", message, hint)
