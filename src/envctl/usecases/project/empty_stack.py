"""A root module with a backend alone, to read, write or lock the state of a stack."""

from envctl.domain.config.project import Project
from envctl.domain.release.root_module import RootModule
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.state_location import resolve_place


def prepare_empty_stack(ports: Ports, project: Project, environment: str, name: str) -> PreparedStack:
    """Write and initialize a root module with nothing but the backend of that stack."""
    backend = resolve_place(project, environment).backend
    root = RootModule(name, {"terraform": {"backend": {backend.kind: backend.settings_for_stack(name)}}})
    ports.workspace.write_stack(environment, name, root.encode())
    profile = project.environments[environment].profile or ""
    stack = PreparedStack(name, binary=project.terraform.binary or "", profile=profile)
    ports.terraform.init(environment, stack, None)
    return stack
