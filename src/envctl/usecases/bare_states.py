"""The state of a stack without its code: to be read, written, or asked for its lock."""

from envctl.domain.project import Project
from envctl.domain.rendering import RootModule
from envctl.usecases.place import place
from envctl.usecases.ports import Ports
from envctl.usecases.terraform_ports import PreparedStack


def lay_bare(ports: Ports, project: Project, environment: str, name: str) -> PreparedStack:
    """Lay out a root module with nothing in it but where the state of that stack lies, and initialise it."""
    backend = place(project, environment).backend
    root = RootModule(name, {"terraform": {"backend": {backend.kind: backend.of(name)}}})
    ports.workspace.lay_stack(environment, name, root.encode())
    profile = project.environments[environment].profile or ""
    stack = PreparedStack(name, binary=project.terraform.binary or "", profile=profile)
    ports.terraform.init(environment, stack, None)
    return stack
