"""Environments that the project file names no more, and that hold stacks by the ledger."""

from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.errors import Problem
from envctl.domain.ledger.state import Present
from envctl.domain.text.lists import listed


@dataclass(frozen=True)
class GoneEnvironment:
    """`release` is what was deployed there last."""

    environment: str
    release: str
    stacks: tuple[str, ...]


def find_gone(project: Project, present: Present) -> tuple[GoneEnvironment, ...]:
    return tuple(
        GoneEnvironment(name, here.last.release if here.last else "", tuple(sorted(here.held)))
        for name, here in sorted(present.environments.items())
        if name not in project.environments and here.held
    )


def describe_gone(gone: GoneEnvironment) -> Problem:
    name = gone.environment
    message = f"{name} is no longer in envctl.toml, and still holds {listed(gone.stacks)}"
    hint = f"put {name} back where it was, with its settings, run envctl destroy {name}, and then remove it"
    return Problem("E139", message, hint)
