"""Which public keys the project pins: `environments/ENV/signing_key.pem`, reviewed like code."""

from collections.abc import Iterator

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.ledger.signatures import PublicKey, UnusableKeyError, public_keys
from envctl.domain.ledger.trust import Pinned, Trust, shared
from envctl.usecases.ports.project import SourceTree

ENVIRONMENTS = "environments/"


def pinned_in(environment: str, folder: str = ENVIRONMENTS) -> str:
    return f"{folder}{environment}/signing_key.pem"


def trust(tree: SourceTree, project: Project, folder: str = ENVIRONMENTS) -> Trust:
    """Raises ConfigurationError with all that is wrong: without its keys nothing of a ledger could be believed.

    `folder` is where the tree holds the folders of the environments.
    """
    problems: list[Problem] = []
    pinned: dict[str, Pinned] = {}
    for name in signing(project):
        try:
            keys = read(tree, name, folder)
            pinned[name] = Pinned(keys, project.environments[name].signed_from)
        except ConfigurationError as error:
            problems += error.problems
    problems += _shared(pinned, folder)
    if problems:
        raise ConfigurationError(*problems)
    # Entries of before it was renamed are signed for its name of then.
    return Trust(project.owner.in_store or project.name, project.order.order, pinned)


def signing(project: Project) -> tuple[str, ...]:
    """The environments whose entries have to be signed, in the order of the pipeline, and those beside it."""
    return tuple(name for name in project.all_environments if project.environments[name].signing_key)


def read(tree: SourceTree, environment: str, folder: str = ENVIRONMENTS) -> tuple[PublicKey, ...]:
    path = pinned_in(environment, folder)
    data = tree.read(path)
    if data is None:
        message = f"{environment} has a signing_key, and no public key is pinned for it"
        hint = f"envctl ledger keys {environment}" if folder == ENVIRONMENTS else f"put it there: {path}"
        raise ConfigurationError(Problem("E460", message, hint, Location(path)))
    try:
        return public_keys(data)
    except UnusableKeyError as error:
        hint = f"put back the file as it was reviewed; or delete it and write it anew: envctl ledger keys {environment}"
        problem = Problem("E461", f"the public key of {environment} can't be used: {error}", hint, Location(path))
        raise ConfigurationError(problem) from error


def _shared(pinned: dict[str, Pinned], folder: str) -> Iterator[Problem]:
    if two := shared({name: each.keys for name, each in pinned.items()}):
        message = f"{two[0]} and {two[1]} pin the same key: whoever signs for one would be believed about the other"
        hint = f"give {two[1]} a key of its own: [environments.{two[1]}] signing_key"
        yield Problem("E462", message, hint, Location(pinned_in(two[1], folder)))
