"""The folders with code of the stacks, beside those of the stacks themselves: their changes start jobs, too."""

from collections.abc import Iterator
from posixpath import dirname

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
        found |= {folder.split("/")[0] for folder in _list_release_folders(ports, project)} - {*own, UP}
    return tuple(sorted(found))


def _list_release_folders(ports: Ports, project: Project) -> Iterator[str]:
    """Yield the folders of the files in a release of the working tree; none if its code has faults."""
    try:
        files = working_tree.collect_release(Context(ports, project)).files
    except ConfigurationError:
        return
    yield from {dirname(path) for path in files if dirname(path)}
