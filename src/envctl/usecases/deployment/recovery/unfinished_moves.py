"""Clean up after an unrecorded state move: the old state is valid, and its copy must not reach another stack."""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.terraform.moved_state import clear_state, has_resources, has_same_content
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.empty_stack import prepare_empty_stack


def clear_copies(ports: Ports, project: Project, environment: str, moves: Mapping[str, str]) -> None:
    """Empty each new state identical to its old one. `moves` are unrecorded, new name to old name."""
    for new, old in moves.items():
        for name in (new, old):
            ports.terraform.require_idle(environment, PreparedStack(name))
        stack = prepare_empty_stack(ports, project, environment, new)
        copy = ports.terraform.pull_state(environment, stack)
        if not has_resources(copy):
            continue
        if has_same_content(
            copy, ports.terraform.pull_state(environment, prepare_empty_stack(ports, project, environment, old))
        ):
            ports.terraform.push_state(environment, stack, clear_state(copy))
