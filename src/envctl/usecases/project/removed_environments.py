"""Environments removed from the project file and still holding stacks by the ledger."""

from dataclasses import dataclass

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import Problem
from envctl.domain.ledger.state import LedgerState
from envctl.domain.text.lists import join_names


@dataclass(frozen=True)
class GoneEnvironment:
    """A removed environment, with the release deployed there last."""

    environment: str
    release: str
    stacks: tuple[str, ...]


def find_gone(project: Project, present: LedgerState) -> tuple[GoneEnvironment, ...]:
    return tuple(
        GoneEnvironment(name, here.last.release if here.last else "", tuple(sorted(here.held_stacks)))
        for name, here in sorted(present.environments.items())
        if name not in project.environments and here.held_stacks
    )


def describe_gone(gone: GoneEnvironment) -> Problem:
    name = gone.environment
    message = f"{name} is no longer in envctl.toml, but still has the stacks {join_names(gone.stacks)}"
    hint = f"restore {name} and its settings, run {format_command('destroy', name)}, then remove it"
    return Problem("E139", message, hint)
