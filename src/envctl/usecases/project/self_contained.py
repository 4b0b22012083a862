"""A release carries all that its code reads: what it would read elsewhere differs from one environment to the next."""

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError
from envctl.domain.release.contents import Release
from envctl.domain.release.outside_reads import OutsideRead, describe_in_release, describe_in_tree
from envctl.domain.text.short_ids import short
from envctl.usecases.ports.core import Ports


def check_tree(ports: Ports, release: Release) -> None:
    """Raises ConfigurationError where the code of the working tree reads outside of the release."""
    if reads := _find(ports, release):
        raise ConfigurationError(*describe_in_tree(reads))


def check_stored(ports: Ports, project: Project, release: Release, identity: str) -> None:
    """Raises ConfigurationError where a stored release reads outside of itself: it may be older than this rule."""
    if reads := _find(ports, release):
        raise ConfigurationError(*describe_in_release(reads, short(identity), project.entry))


def remark_stored(ports: Ports, release: Release, identity: str) -> None:
    """For a way back, which must stay open: what is read there may be other than it was."""
    for read in _find(ports, release):
        ports.observer.said(f"release {short(identity)}: {read.location}: {read.what}, which it does not carry")


def _find(ports: Ports, release: Release) -> tuple[OutsideRead, ...]:
    modules = [stack.module for stack in release.wiring.stacks.values()]
    carried = [module.folder for module in release.wiring.modules]
    return ports.reader.outside_reads({path: file.data for path, file in release.files.items()}, [*modules, *carried])
