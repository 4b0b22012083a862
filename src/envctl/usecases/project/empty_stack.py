"""A root module with a backend alone, to read, write or lock the state of a stack."""

from envctl.domain.release.root_module import RootModule
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.load import resolve_place


def prepare_empty_stack(context: Context, environment: str, name: str) -> PreparedStack:
    """Write and initialize a root module with nothing but the backend of that stack."""
    project = context.project
    backend = resolve_place(project, environment).backend
    root = RootModule(name, {"terraform": {"backend": {backend.kind: backend.settings_for_stack(name)}}})
    context.ports.workspace.write_stack(environment, name, root.encode())
    profile = project.environments[environment].profile or ""
    stack = PreparedStack(name, binary=project.terraform.binary or "", profile=profile)
    context.ports.terraform.init(environment, stack, None)
    return stack
