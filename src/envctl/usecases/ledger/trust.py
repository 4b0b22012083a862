"""The public keys pinned by the project: `environments/ENV/signing_key.pem`, reviewed like code."""

from collections.abc import Iterator, Mapping

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.signing_keys import KEY_FIELDS, list_key_roles
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.ledger.key_roles import ALL_ROLES, KeyRole
from envctl.domain.ledger.signatures import PublicKey, UnusableKeyError, list_fingerprints, parse_public_keys
from envctl.domain.ledger.trust import EnvironmentKeys, Trust, find_shared_key
from envctl.usecases.ports.project import SourceTree

ENVIRONMENTS_FOLDER = "environments/"
_USES: Mapping[KeyRole, str] = {"deployment": "", "people": " (for people)", "look": " (for looks)"}


def format_key_path(environment: str, folder: str = ENVIRONMENTS_FOLDER, *, role: KeyRole = "deployment") -> str:
    return f"{folder}{environment}/{KEY_FIELDS[role]}.pem"


def load_trust(tree: SourceTree, project: Project, folder: str = ENVIRONMENTS_FOLDER) -> Trust:
    """Load all pinned keys; `folder` holds the folders of environments. Raises ConfigurationError with all problems."""
    problems: list[Problem] = []
    pinned: dict[str, EnvironmentKeys] = {}
    for name in list_signing_environments(project):
        try:
            there = project.environments[name]
            keys = {role: read_public_keys(tree, name, folder, role=role) for role in list_key_roles(there)}
            pinned[name] = EnvironmentKeys(
                keys["deployment"],
                there.signed_from,
                keys.get("look", ()),
                keys.get("people", ()),
                there.approval_signed_from,
            )
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


def list_signers(tree: SourceTree, project: Project) -> dict[str, tuple[str, ...]]:
    """Return the fingerprints of the keys that people sign with, for each environment that requires signatures."""
    found: dict[str, tuple[str, ...]] = {}
    for name in filter(project.requires_signatures, list_signing_environments(project)):
        role: KeyRole = "people" if project.environments[name].approval_signing_key else "deployment"
        found[name] = list_fingerprints(tree.read_contents(format_key_path(name, role=role)) or b"")
    return found


def read_public_keys(
    tree: SourceTree, environment: str, folder: str = ENVIRONMENTS_FOLDER, *, role: KeyRole = "deployment"
) -> tuple[PublicKey, ...]:
    path = format_key_path(environment, folder, role=role)
    data = tree.read_contents(path)
    if data is None:
        message = f"{environment} has a {KEY_FIELDS[role]} but no pinned public key for it"
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
    # The environments' own keys come first: a shared one is then named by its other use.
    uses = {(name, role): each.list_keys(role) for role in ALL_ROLES for name, each in pinned.items()}
    if two := find_shared_key(uses):
        (one, first), (name, role) = two
        message = f"{_describe_use(one, first)} and {_describe_use(name, role)} pin the same key"
        why = "signatures for one would be trusted for the other"
        hint = f"give {_describe_use(name, role)} a key of its own: [environments.{name}] {KEY_FIELDS[role]}"
        yield Problem("E462", f"{message}: {why}", hint, Location(format_key_path(name, folder, role=role)))


def _describe_use(environment: str, role: KeyRole) -> str:
    return f"{environment}{_USES[role]}"
