"""Check that a release carries all code it reads: outside files differ between environments."""

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError
from envctl.domain.release.contents import Release
from envctl.domain.release.outside_reads import OutsideRead, list_release_problems, list_tree_problems
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.ports.core import Ports


def check_tree(ports: Ports, release: Release) -> None:
    """Raise ConfigurationError if the code of the working tree reads outside of the release."""
    if reads := _find_outside_reads(ports, release):
        raise ConfigurationError(*list_tree_problems(reads))


def check_stored(ports: Ports, project: Project, release: Release, identity: str) -> None:
    """Raise ConfigurationError if a stored release reads outside of itself: it may predate this rule."""
    if reads := _find_outside_reads(ports, release):
        raise ConfigurationError(*list_release_problems(reads, shorten_id(identity), project.entry))


def warn_stored(ports: Ports, release: Release, identity: str) -> None:
    """Warn only: a rollback must stay possible, even if the file read has changed."""
    for read in _find_outside_reads(ports, release):
        ports.observer.on_message(
            f"release {shorten_id(identity)}: {read.location}: {read.what}, which it does not carry"
        )


def _find_outside_reads(ports: Ports, release: Release) -> tuple[OutsideRead, ...]:
    modules = [stack.module for stack in release.wiring.stacks.values()]
    carried = [module.folder for module in release.wiring.modules]
    return ports.config_reader.find_outside_reads(
        {path: file.data for path, file in release.files.items()}, [*modules, *carried]
    )
