"""What a search of code finds: reads outside of the release, blocks about credentials or state, `check` blocks."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from envctl.domain.command_lines import format_command
from envctl.domain.errors import Location, Problem
from envctl.domain.plan.provider_accounts import (
    AccountScope,
    ProviderConfiguration,
    find_account_mismatches,
    name_configuration,
    suggest_fix,
)
from envctl.domain.text.lists import join_names

# A header stands on one line. A comment that looks like one costs a plan.
_CHECK_HEADER = re.compile(rb'\bcheck\b[^\n]*\{|"check"\s*:')
_OUTSIDE_HINT = "put the file into the folder of the module and read it as ${path.module}/NAME"
_REMOTE_STATE_HINT = (
    'to read a stack of this project, use [stacks.STACK] inputs = { VARIABLE = "OTHER.OUTPUT" } in envctl.toml;'
    " for other values, use a setting, or an s3 backend with assume_role in its config"
)


@dataclass(frozen=True, order=True)
class OutsideRead:
    location: Location
    what: str
    """The call and its path, like `file() reads path.root`."""


def list_tree_problems(reads: Sequence[OutsideRead]) -> list[Problem]:
    """Return the problems of code in the working tree."""
    return [
        Problem("E123", f"{each.what}: it is not part of the release", _OUTSIDE_HINT, each.location) for each in reads
    ]


def list_release_problems(reads: Sequence[OutsideRead], release: str, entry: str) -> list[Problem]:
    """Return the problems of a stored release; its code can't be corrected."""
    hint = f"{_OUTSIDE_HINT}, then make a new release: {format_command('apply', entry)}"
    told = (f"release {release}: {each.location}: {each.what}, not part of the release" for each in reads)
    return [Problem("E124", message, hint) for message in told]


@dataclass(frozen=True)
class ProviderBlock:
    """A `provider` block of an AWS provider."""

    location: Location
    configuration: ProviderConfiguration


@dataclass(frozen=True)
class RemoteState:
    """A data source `terraform_remote_state`."""

    location: Location
    name: str
    backend: str  # kind of the backend; empty if it is an expression
    takes_role: bool  # its configuration names a role to read with


@dataclass(frozen=True)
class StateBlock:
    """A `backend` or `cloud` block; Terraform reads it in root modules only."""

    location: Location
    kind: str
    backend: str = ""  # the label of a `backend` block, or `cloud`
    keys: Mapping[str, object] = field(default_factory=dict, hash=False)  # its literal arguments


@dataclass(frozen=True)
class AccountBlocks:
    providers: tuple[ProviderBlock, ...] = ()
    remote_states: tuple[RemoteState, ...] = ()
    states: tuple[StateBlock, ...] = ()


def describe_account_mismatches(blocks: AccountBlocks, homes: Sequence[AccountScope]) -> Iterator[Problem]:
    """Yield the problems of code able to act, or reading, outside the accounts of these environments."""
    for block in blocks.providers:
        found = [(home, mismatch) for home in homes for mismatch in find_account_mismatches(block.configuration, home)]
        for why in dict.fromkeys(mismatch.why for _, mismatch in found):
            alike = [(home, mismatch) for home, mismatch in found if mismatch.why == why]
            home, mismatch = alike[0]
            environments = join_names([each.environment for each, _ in alike])
            message = f"{name_configuration(block.configuration)} {why} (G203 of {environments})"
            yield Problem("E213", message, suggest_fix(mismatch, home.environment), block.location)
    if any(home.account for home in homes):
        yield from _describe_remote_states(blocks.remote_states)


def _describe_remote_states(found: Iterable[RemoteState]) -> Iterator[Problem]:
    for each in found:
        # Files read by local backends are checked elsewhere: a release carries none.
        if each.backend == "local" or (each.backend == "s3" and each.takes_role):
            continue
        backend = f"the backend {each.backend}" if each.backend else "a backend from an expression"
        message = f"data.terraform_remote_state.{each.name} reads {backend} with the credentials of the envctl user"
        if each.backend == "s3":
            message += ", and without a role"
        yield Problem("E214", message, _REMOTE_STATE_HINT, each.location)


def describe_ignored_blocks(blocks: AccountBlocks) -> Iterator[Problem]:
    """Yield the problems of blocks Terraform ignores in a module."""
    for block in blocks.states:
        kind = block.kind
        message = f"Terraform ignores a {kind} block in a module: [state] in envctl.toml sets the place of the state"
        yield Problem("E215", message, f"remove the {kind} block from the module", block.location)


def may_have_check_blocks(path: str, data: bytes) -> bool:
    """Tell whether a file of code may have check blocks."""
    return path.endswith((".tf", ".tofu", ".tf.json", ".tofu.json")) and bool(_CHECK_HEADER.search(data))
