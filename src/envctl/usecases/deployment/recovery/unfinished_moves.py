"""What a killed move of states left before it was recorded: the old state counts, and the copy of it must not be found
by a stack that gets that name for something else.
"""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.terraform.moved_state import empty_state, holds_resources, is_same
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.empty_stack import lay_bare


def clear_copies(ports: Ports, project: Project, environment: str, moves: Mapping[str, str]) -> None:
    """Empty the state of each new name that is the same as that of the old one. `moves` are those that were not
    recorded: new names, each with the old one.
    """
    for new, old in moves.items():
        for name in (new, old):
            ports.terraform.at_rest(environment, PreparedStack(name))
        stack = lay_bare(ports, project, environment, new)
        copy = ports.terraform.pull_state(environment, stack)
        if not holds_resources(copy):
            continue
        if is_same(copy, ports.terraform.pull_state(environment, lay_bare(ports, project, environment, old))):
            ports.terraform.push_state(environment, stack, empty_state(copy))
