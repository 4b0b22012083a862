"""`envctl ledger keys`: the public keys of environments, written into the project."""

from dataclasses import dataclass
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Location, Problem, UsageError
from envctl.domain.ledger.signatures import PublicKey, UnusableKeyError, public_key
from envctl.usecases.ledger.trust import pinned_in, read, signing
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


@dataclass(frozen=True)
class PinnedKey:
    """`made` says that KMS made the key just now. `others` are the fingerprints that are pinned beside it."""

    environment: str
    key: str
    fingerprint: str
    file: str
    outcome: Literal["pinned", "added", "pinned already"]
    made: bool
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class PinnedKeys:
    keys: tuple[PinnedKey, ...]


def pin(ports: Ports, environments: tuple[str, ...] = (), *, create: bool = False, add: bool = False) -> PinnedKeys:
    """Writes the public keys of environments into the project. A file that pins another key is left alone, unless with
    `add`: then both are believed.
    """
    project = load.project(ports)
    wanted = _wanted(project, environments)
    return PinnedKeys(tuple(_pin(ports, name, create=create, add=add) for name in wanted))


def _wanted(project: Project, environments: tuple[str, ...]) -> tuple[str, ...]:
    wanted = load.wanted_environments(project, environments) if environments else signing(project)
    without = [name for name in wanted or (project.entry,) if not project.environments[name].signing_key]
    if without:
        message = f"{without[0]} has no signing_key"
        hint = f'name one in envctl.toml: [environments.{without[0]}] signing_key = "alias/envctl-{without[0]}"'
        raise UsageError(Problem("E464", message, hint))
    return wanted


def _pin(ports: Ports, environment: str, *, create: bool, add: bool) -> PinnedKey:
    made = ports.signatures.create(environment) if create else False
    try:
        key = public_key(ports.signatures.public_key(environment))
    except UnusableKeyError as error:
        name = ports.signatures.key(environment)
        hint = "make one that signs: key spec ECC_NIST_P256, key usage SIGN_VERIFY"
        message = f"the KMS key {name} of {environment} can't sign entries: {error}"
        raise ConfigurationError(Problem("E461", message, hint)) from error
    path = pinned_in(environment)
    there = read(ports.tree, environment) if ports.tree.read(path) is not None else ()
    others = tuple(each.fingerprint for each in there if each != key)
    outcome = _write(ports, environment, key, there, add=add)
    return PinnedKey(environment, ports.signatures.key(environment), key.fingerprint, path, outcome, made, others)


def _write(
    ports: Ports, environment: str, key: PublicKey, there: tuple[PublicKey, ...], *, add: bool
) -> Literal["pinned", "added", "pinned already"]:
    path = pinned_in(environment)
    if key in there[-1:]:
        return "pinned already"
    if there and not add:
        message = (
            f"{path} pins {there[-1].fingerprint[:16]}…, and KMS has {key.fingerprint[:16]}… for {environment} now"
        )
        hint = f"if the key was changed on purpose, believe both: envctl ledger keys {environment} --add"
        raise ConfigurationError(Problem("E465", message, hint, Location(path)))
    # The one that signs today comes last.
    kept = [each for each in there if each != key]
    ports.tree.write(path, b"".join(each.pem for each in (*kept, key)))
    return "added" if there else "pinned"
