"""The state of a stack without its code: to be read, written, or asked for its lock."""

from envctl.domain.config.project import Project
from envctl.domain.release.root_module import RootModule
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.state_location import place


def lay_bare(ports: Ports, project: Project, environment: str, name: str) -> PreparedStack:
    """Lay out a root module with nothing in it but where the state of that stack lies, and initialise it."""
    backend = place(project, environment).backend
    root = RootModule(name, {"terraform": {"backend": {backend.kind: backend.of(name)}}})
    ports.workspace.lay_stack(environment, name, root.encode())
    profile = project.environments[environment].profile or ""
    stack = PreparedStack(name, binary=project.terraform.binary or "", profile=profile)
    ports.terraform.init(environment, stack, None)
    return stack
