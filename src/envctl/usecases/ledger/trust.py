"""The public keys pinned by the project: `environments/ENV/signing_key.pem`, reviewed like code."""

from collections.abc import Iterator

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.ledger.signatures import PublicKey, UnusableKeyError, parse_public_keys
from envctl.domain.ledger.trust import EnvironmentKeys, Trust, find_shared_key
from envctl.usecases.ports.project import SourceTree

ENVIRONMENTS_FOLDER = "environments/"
_LOOK = "(for looks)"


def format_key_path(environment: str, folder: str = ENVIRONMENTS_FOLDER, *, look: bool = False) -> str:
    return f"{folder}{environment}/{'look_signing_key' if look else 'signing_key'}.pem"


def load_trust(tree: SourceTree, project: Project, folder: str = ENVIRONMENTS_FOLDER) -> Trust:
    """Load all pinned keys; `folder` holds the folders of environments. Raises ConfigurationError with all problems."""
    problems: list[Problem] = []
    pinned: dict[str, EnvironmentKeys] = {}
    for name in list_signing_environments(project):
        try:
            there = project.environments[name]
            look_keys = read_public_keys(tree, name, folder, look=True) if there.look_signing_key else ()
            pinned[name] = EnvironmentKeys(read_public_keys(tree, name, folder), there.signed_from, look_keys)
        except ConfigurationError as error:
            problems += error.problems
    problems += _check_shared_keys(pinned, folder)
    if problems:
        raise ConfigurationError(*problems)
    # Entries from before a renaming are signed for the former name.
    looking = frozenset(name for name in pinned if project.looks_with_role(name))
    return Trust(project.owner.in_store or project.name, project.order.order, pinned, looking)


def list_signing_environments(project: Project) -> tuple[str, ...]:
    """Return the environments with signed entries: those of the pipeline in order, then the others."""
    return tuple(name for name in project.all_environments if project.environments[name].signing_key)


def read_public_keys(
    tree: SourceTree, environment: str, folder: str = ENVIRONMENTS_FOLDER, *, look: bool = False
) -> tuple[PublicKey, ...]:
    path = format_key_path(environment, folder, look=look)
    data = tree.read_contents(path)
    if data is None:
        message = f"{environment} has a {'look_signing_key' if look else 'signing_key'} but no pinned public key for it"
        hint = format_command("ledger keys", environment) if folder == ENVIRONMENTS_FOLDER else f"copy it to {path}"
        raise ConfigurationError(Problem("E460", message, hint, Location(path)))
    try:
        return parse_public_keys(data)
    except UnusableKeyError as error:
        hint = (
            f"restore the reviewed file; or delete it and write a new one: {format_command('ledger keys', environment)}"
        )
        problem = Problem("E461", f"the public key of {environment} can't be used: {error}", hint, Location(path))
        raise ConfigurationError(problem) from error


def _check_shared_keys(pinned: dict[str, EnvironmentKeys], folder: str) -> Iterator[Problem]:
    looks = {f"{name} {_LOOK}": each.look_keys for name, each in pinned.items() if each.look_keys}
    if two := find_shared_key({**{name: each.keys for name, each in pinned.items()}, **looks}):
        message = f"{two[0]} and {two[1]} pin the same key: signatures for one would be trusted for the other"
        name, _, look = two[1].partition(" ")
        hint = f"give {two[1]} a key of its own: [environments.{name}] {'look_signing_key' if look else 'signing_key'}"
        yield Problem("E462", message, hint, Location(format_key_path(name, folder, look=bool(look))))
