"""The folders with code of the stacks, beside those of the stacks themselves: their changes start jobs, too."""

from contextlib import suppress

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError
from envctl.domain.terraform.bundle_paths import UP
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import working_tree
from envctl.usecases.project.shared_code import list_shared_folders


def list_further_folders(ports: Ports, project: Project) -> tuple[str, ...]:
    """Return the folders with code beside the project, and those in it that root modules and kustomizations reach."""
    found = set(list_shared_folders(ports, project))
    if any(stack.module is None for stack in project.every_stack.values()):
        own = {stack.folder.split("/")[0] for stack in project.every_stack.values()}
        # Code with faults has no further folders.
        with suppress(ConfigurationError):
            files = working_tree.collect_release(Context(ports, project)).files
            found |= {path.split("/")[0] for path in files if "/" in path} - {*own, UP}
    return tuple(sorted(found))
