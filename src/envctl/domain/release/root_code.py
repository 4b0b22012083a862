"""What the rendering of a root module that runs as it is needs to know about its code.

It travels in the manifest of a release: stored releases are rendered without reading their code again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from envctl.domain.plan.provider_accounts import PROVIDER_KINDS, ProviderKind


@dataclass(frozen=True)
class RootProvider:
    """A configuration of an AWS provider in a root module.

    Attributes:
        name: its local name, such as `aws`.
        kind: the kind of its provider.
        alias: empty for the default configuration.
        region: its region, if that is a literal.
        region_variable: the variable its region is taken from, if it is nothing else.
        has_region: False if it leaves the region to its surroundings.
        accounts: the accounts it names by itself, in `allowed_account_ids` or a role; empty for none.
        is_elsewhere: it takes credentials of its own, to an account that its text does not tell.
        role: the literal role it takes by itself.
        credentials: its keys with other credentials than those Terraform was started with.
        takes_role: it has a role of its own.
        takes_web_identity: it has a web identity: no override can remove that.
    """

    name: str
    kind: ProviderKind
    alias: str = ""
    region: str = ""
    region_variable: str = ""
    has_region: bool = False
    accounts: tuple[str, ...] = ()
    is_elsewhere: bool = False
    role: str = ""
    credentials: tuple[str, ...] = ()
    takes_role: bool = False
    takes_web_identity: bool = False

    @property
    def address(self) -> str:
        return f"{self.name}.{self.alias}" if self.alias else self.name


@dataclass(frozen=True)
class RootCode:
    """The code of a root module.

    Attributes:
        tree: folders and files of the release that its tree holds.
        providers: its AWS configurations; the default one also if a resource needs it without a block.
        needed: local names of all providers that its code and its modules need.
        addresses: its resources and module calls, for a stack that had a module before.
    """

    tree: tuple[str, ...] = ()
    providers: tuple[RootProvider, ...] = ()
    needed: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        providers = [
            {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(each).items() if value}
            for each in self.providers
        ]
        parts = {"tree": list(self.tree), "providers": providers, "needed": list(self.needed)}
        return parts | {"addresses": list(self.addresses)}


def parse_root_code(document: Mapping[str, Any]) -> RootCode:
    """Parse the part of a manifest. Raises KeyError, TypeError or ValueError."""
    return RootCode(
        tuple(document["tree"]),
        tuple(_parse_provider(each) for each in document["providers"]),
        tuple(document["needed"]),
        tuple(document["addresses"]),
    )


def _parse_provider(document: Mapping[str, Any]) -> RootProvider:
    if document["kind"] not in PROVIDER_KINDS.values():
        raise ValueError(f"{document['kind']!r} is not a kind of provider")
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in document.items()
    }
    return RootProvider(**fields)
