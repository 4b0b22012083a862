"""Check that a release carries all code it reads: outside files differ between environments."""

from envctl.domain.errors import ConfigurationError
from envctl.domain.release.bundle import Release
from envctl.domain.release.outside_reads import list_release_problems, list_tree_problems
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports


def check_tree(ports: Ports, release: Release) -> None:
    """Raise ConfigurationError if the code of the working tree reads outside of the release."""
    if reads := ports.config_reader.find_outside_reads(*collect_code(release)):
        raise ConfigurationError(*list_tree_problems(reads))


def check_stored(context: Context, release: Release, identity: str) -> None:
    """Raise ConfigurationError if a stored release reads outside of itself: it may predate this rule."""
    if reads := context.ports.config_reader.find_outside_reads(*collect_code(release)):
        raise ConfigurationError(*list_release_problems(reads, shorten_id(identity), context.project.entry))


def warn_stored(ports: Ports, release: Release, identity: str) -> None:
    """Warn only: a rollback must stay possible, even if the file read has changed."""
    for read in ports.config_reader.find_outside_reads(*collect_code(release)):
        where = f"release {shorten_id(identity)}: {read.location}"
        ports.observer.on_message(f"{where}: {read.what}, which it does not carry")


def collect_code(release: Release) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of a release by path, and the folders of its modules."""
    modules = [stack.module for stack in release.wiring.stacks.values()]
    carried = [module.folder for module in release.wiring.modules]
    return {path: file.data for path, file in release.files.items()}, [*modules, *carried]
