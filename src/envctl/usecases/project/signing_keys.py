"""`envctl ledger keys`: pins the public keys of environments in the project, and checks the keys in KMS."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from envctl.domain.aws.buckets import Policy
from envctl.domain.aws.key_policy import (
    KeyFinding,
    build_key_policy,
    find_key_faults,
    list_bound_roles,
    list_signers,
)
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.signing_keys import build_key_arn, list_key_roles
from envctl.domain.errors import ConfigurationError, Location, Problem, UsageError
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.signatures import PublicKey, UnusableKeyError, parse_public_key
from envctl.usecases.ledger.trust import format_key_path, list_signing_environments, read_public_keys
from envctl.usecases.ports.aws import Signatures
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import select_environments


@dataclass(frozen=True, kw_only=True)
class PinnedKey:
    """A pinned key."""

    environment: str
    key: str
    fingerprint: str
    file: str
    outcome: Literal["pinned", "added", "pinned already"]
    made: bool  # whether KMS created it just now
    others: tuple[str, ...] = ()  # fingerprints pinned beside it
    role: KeyRole = "deployment"  # what it signs
    for_looks: bool = False  # whether it signs found drift alone


@dataclass(frozen=True, kw_only=True)
class CheckedKey:
    """A key in KMS, compared with what `envctl ledger keys --create` creates."""

    environment: str
    role: KeyRole
    key: str
    signers: tuple[str, ...]  # the roles that its policy names; none if IAM of the account decides alone
    findings: tuple[KeyFinding, ...]
    policy: str  # the whole policy that the key should have, in JSON


@dataclass(frozen=True)
class PinnedKeys:
    keys: tuple[PinnedKey, ...] = ()
    checks: tuple[CheckedKey, ...] = ()  # of --check, which pins nothing

    @property
    def exit_code(self) -> int:
        return int(any(each.findings for each in self.checks))


SIGNER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@*/-]+")


def pin_keys(
    ports: Ports,
    environments: tuple[str, ...] = (),
    *,
    create: bool = False,
    add: bool = False,
    signers: Sequence[str] = (),
    as_me: bool = False,
) -> PinnedKeys:
    """Write public keys of environments into the project. Another pinned key is an error, unless `add` keeps both.

    Created keys let the `signers` sign for people. `as_me` takes no role of an environment.
    """
    project, pinned = project_file.load_project(ports), []
    for name, role in _list_uses(project, environments, signers):
        signatures = ports.signatures.for_role(role, as_me=as_me)
        policy = _build_policy(project, name, role, signers)
        made = signatures.create_key(name, policy) if create else False
        pinned.append(_pin_key(ports, signatures, name, role, made=made, add=add))
    return PinnedKeys(tuple(pinned))


def check_keys(
    ports: Ports, environments: tuple[str, ...] = (), *, signers: Sequence[str] = (), as_me: bool = False
) -> PinnedKeys:
    """Compare the keys in KMS with those that `pin_keys` creates. Without signers, those of the policy stay."""
    project, checked = project_file.load_project(ports), []
    for name, role in _list_uses(project, environments, signers):
        found = ports.signatures.for_role(role, as_me=as_me).read_key(name)
        named = list_signers(found.policy)
        # A role of the pipeline among them is a difference.
        free = [each for each in named if each not in _find_bound_signers(project, name, named)]
        wanted = _build_policy(project, name, role, signers or free)
        findings = tuple(find_key_faults(found, wanted))
        checked.append(
            CheckedKey(
                environment=name, role=role, key=found.arn, signers=named, findings=findings, policy=json.dumps(wanted)
            )
        )
    return PinnedKeys(checks=tuple(checked))


def _build_policy(project: Project, environment: str, role: KeyRole, signers: Sequence[str]) -> Policy:
    # People sign with their own key or, without one, with that of deployments.
    people: KeyRole = "people" if project.environments[environment].approval_signing_key else "deployment"
    return build_key_policy(project, environment, role, signers if role == people else ())


def _list_uses(
    project: Project, environments: tuple[str, ...], signers: Sequence[str]
) -> Iterator[tuple[str, KeyRole]]:
    if wrong := next((each for each in signers if not SIGNER.fullmatch(each)), ""):
        hint = "write the ARN of the role, not of its session: arn:aws:iam::444444444444:role/NAME"
        raise UsageError(Problem("E464", f"{wrong} is not the ARN of a role or user", hint))
    for name in _select_environments(project, environments):
        if bound := _find_bound_signers(project, name, signers):
            hint = "name roles that people take, and the job that approves"
            raise UsageError(Problem("E464", f"{bound[0]} must not sign for people: it deploys or looks", hint))
        yield from ((name, role) for role in list_key_roles(project.environments[name]))


def _find_bound_signers(project: Project, environment: str, signers: Sequence[str]) -> list[str]:
    """Return the signers that are roles of the pipeline, where people have their own key. Either may be a pattern."""
    if not project.environments[environment].approval_signing_key:
        return []
    bound = list_bound_roles(project, build_key_arn(project, environment, "people"))
    return [each for each in signers if any(fnmatchcase(one, each) or fnmatchcase(each, one) for one in bound)]


def _select_environments(project: Project, environments: tuple[str, ...]) -> tuple[str, ...]:
    wanted = select_environments(project, environments) if environments else list_signing_environments(project)
    without = [name for name in wanted or (project.entry,) if not project.environments[name].signing_key]
    if without:
        message = f"{without[0]} has no signing_key"
        hint = f'set one in envctl.toml: [environments.{without[0]}] signing_key = "alias/envctl-{without[0]}"'
        raise UsageError(Problem("E464", message, hint))
    return wanted


def _pin_key(
    ports: Ports, signatures: Signatures, environment: str, role: KeyRole, *, made: bool, add: bool
) -> PinnedKey:
    try:
        key = parse_public_key(signatures.fetch_public_key(environment))
    except UnusableKeyError as error:
        name = signatures.key_arn(environment)
        hint = "create a signing key: key spec ECC_NIST_P256, key usage SIGN_VERIFY"
        message = f"the KMS key {name} of {environment} can't sign entries: {error}"
        raise ConfigurationError(Problem("E461", message, hint)) from error
    path = format_key_path(environment, role=role)
    there = read_public_keys(ports.tree, environment, role=role) if ports.tree.read_contents(path) is not None else ()
    others = tuple(each.fingerprint for each in there if each != key)
    outcome = _write_key(ports, environment, path, key, there, add=add)
    return PinnedKey(
        environment=environment,
        key=signatures.key_arn(environment),
        fingerprint=key.fingerprint,
        file=path,
        outcome=outcome,
        made=made,
        others=others,
        role=role,
        for_looks=role == "look",
    )


def _write_key(
    ports: Ports, environment: str, path: str, key: PublicKey, there: tuple[PublicKey, ...], *, add: bool
) -> Literal["pinned", "added", "pinned already"]:
    if key in there[-1:]:
        return "pinned already"
    if there and not add:
        message = (
            f"{path} pins {there[-1].fingerprint[:16]}…, but KMS now has {key.fingerprint[:16]}… for {environment}"
        )
        hint = f"if the key was changed on purpose, trust both: {format_command('ledger keys', environment, add=True)}"
        raise ConfigurationError(Problem("E465", message, hint, Location(path)))
    # The current signing key comes last.
    kept = [each for each in there if each != key]
    ports.tree.write_contents(path, b"".join(each.pem for each in (*kept, key)))
    return "added" if there else "pinned"
