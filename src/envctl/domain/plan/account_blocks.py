"""Blocks in the code of modules that decide with whose credentials, and on whose state, something is done."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from envctl.domain.errors import Location, Problem
from envctl.domain.plan.provider_accounts import Home, ProviderConfiguration, advise, find_strays, name_configuration
from envctl.domain.text.lists import listed

_READ = (
    'a stack of this project is read by [stacks.STACK] inputs = { VARIABLE = "OTHER.OUTPUT" } in envctl.toml; anything'
    " else is a setting, or an s3 backend whose config has assume_role"
)


@dataclass(frozen=True)
class ProviderBlock:
    """A `provider` block of an AWS provider."""

    location: Location
    configuration: ProviderConfiguration


@dataclass(frozen=True)
class RemoteState:
    """A data source `terraform_remote_state`.

    Attributes:
        location: where it stands.
        name: the name of the data source.
        backend: the kind of its backend; empty where that is an expression.
        takes_role: whether its configuration names a role to read with.
    """

    location: Location
    name: str
    backend: str
    takes_role: bool


@dataclass(frozen=True)
class StateBlock:
    """A block `backend` or `cloud`, which Terraform reads in a root module alone."""

    location: Location
    kind: str


@dataclass(frozen=True)
class AccountBlocks:
    providers: tuple[ProviderBlock, ...] = ()
    remote_states: tuple[RemoteState, ...] = ()
    states: tuple[StateBlock, ...] = ()


def describe_strays(blocks: AccountBlocks, homes: Sequence[Home]) -> Iterator[Problem]:
    """The problems of code that could act, or that reads, elsewhere than in the accounts of these environments."""
    for block in blocks.providers:
        found = [(home, stray) for home in homes for stray in find_strays(block.configuration, home)]
        for why in dict.fromkeys(stray.why for _, stray in found):
            alike = [(home, stray) for home, stray in found if stray.why == why]
            home, stray = alike[0]
            where = listed([each.environment for each, _ in alike])
            message = f"{name_configuration(block.configuration)} {why} (G203 of {where})"
            yield Problem("E213", message, advise(stray, home.environment), block.location)
    if any(home.account for home in homes):
        yield from _describe_remote_states(blocks.remote_states)


def _describe_remote_states(found: Iterable[RemoteState]) -> Iterator[Problem]:
    for each in found:
        # What a local backend reads is a file, of which it is said elsewhere that the release carries none.
        if each.backend == "local" or (each.backend == "s3" and each.takes_role):
            continue
        what = f"the backend {each.backend}" if each.backend else "a backend that is an expression"
        message = f"data.terraform_remote_state.{each.name} reads {what} with the credentials of who runs envctl"
        if each.backend == "s3":
            message += ", and without a role"
        yield Problem("E214", message, _READ, each.location)


def describe_ignored(blocks: AccountBlocks) -> Iterator[Problem]:
    """The problems of blocks that Terraform ignores in a module."""
    for block in blocks.states:
        message = (
            f"Terraform ignores a {block.kind} block in a module: the state lies where [state] in envctl.toml says"
        )
        yield Problem("E215", message, f"take the {block.kind} block out of the module", block.location)
