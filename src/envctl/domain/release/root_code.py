"""What the rendering of a root module that runs as it is needs to know about its code.

It travels in the manifest of a release: stored releases are rendered without reading their code again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from envctl.domain.plan.provider_accounts import (
    CREDENTIAL_KEYS,
    PROVIDER_KINDS,
    ProviderConfiguration,
    ProviderKind,
    find_provider_kind,
    to_provider_configuration,
)

if TYPE_CHECKING:
    from envctl.domain.release.root_findings import ProviderDeclaration, RootFindings

_WEB_IDENTITY = "assume_role_with_web_identity"


@dataclass(frozen=True, kw_only=True)
class RootProvider:
    """A configuration of an AWS provider in a root module."""

    name: str  # its local name, such as `aws`
    kind: ProviderKind  # the kind of its provider
    alias: str = ""  # empty for the default configuration
    region: str = ""  # its region, if that is a literal
    region_variable: str = ""  # the variable its region is taken from, if it is nothing else
    has_region: bool = False  # False if it leaves the region to its surroundings
    # It takes credentials of its own, other than those of the default configuration, or names its accounts.
    is_separate: bool = False
    allowed: tuple[str, ...] = ()  # the accounts in its `allowed_account_ids`
    role: str = ""  # the literal role it takes
    unresolved: tuple[str, ...] = ()  # its account keys with values known only when Terraform runs
    endpoints: tuple[str, ...] = ()  # its addresses for requests in place of those of AWS
    credentials: tuple[str, ...] = ()  # its keys with other credentials than those Terraform was started with
    has_default_tags: bool = False  # it has default tags of its own

    @property
    def address(self) -> str:
        return f"{self.name}.{self.alias}" if self.alias else self.name

    @property
    def takes_web_identity(self) -> bool:
        """Tell if it has a nested block that no override can remove."""
        return _WEB_IDENTITY in self.credentials

    def to_configuration(self) -> ProviderConfiguration:
        """Return the configuration as written."""
        return ProviderConfiguration(
            name=self.address,
            kind=self.kind,
            allowed=self.allowed,
            role=self.role,
            unresolved=self.unresolved,
            endpoints=self.endpoints,
            credentials=self.credentials,
        )

    def to_json(self) -> dict[str, Any]:
        found = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True)
class RootCode:
    """The code of a root module."""

    tree: tuple[str, ...] = ()  # folders and files of the release that its tree holds
    # Its AWS configurations; the default one also if a resource needs it without a block.
    providers: tuple[RootProvider, ...] = ()
    needed: tuple[str, ...] = ()  # local names of all providers that its code and its modules need
    addresses: tuple[str, ...] = ()  # its resources and module calls, for a stack that had a module before
    moved: tuple[tuple[str, str], ...] = ()  # its own moves, as old and new address
    # The code of `config` of its data sources for states in S3, by name: they need the role of the environment.
    remote_states: Mapping[str, str] = field(default_factory=dict)

    def relocate(self, move: Callable[[str], str]) -> "RootCode":
        """Return the same with another form of all paths."""
        return replace(self, tree=tuple(sorted(map(move, self.tree))))

    def to_json(self) -> dict[str, Any]:
        return {
            "tree": list(self.tree),
            "providers": [each.to_json() for each in self.providers],
            "needed": list(self.needed),
            "addresses": list(self.addresses),
            "moved": [list(each) for each in self.moved],
            "remote_states": dict(self.remote_states),
        }


def parse_root_code(document: Mapping[str, Any]) -> RootCode:
    """Parse the part of a manifest. Raises KeyError, TypeError or ValueError."""
    return RootCode(
        tuple(document["tree"]),
        tuple(_parse_provider(each) for each in document["providers"]),
        tuple(document["needed"]),
        tuple(document["addresses"]),
        tuple((old, new) for old, new in document["moved"]),
        {str(name): str(code) for name, code in document["remote_states"].items()},
    )


def _parse_provider(document: Mapping[str, Any]) -> RootProvider:
    if document["kind"] not in PROVIDER_KINDS.values():
        raise ValueError(f"{document['kind']!r} is not a kind of provider")
    parts: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in document.items()}
    return RootProvider(**parts)


def describe_root(found: "RootFindings", tree: tuple[str, ...]) -> RootCode:
    """Return what a release has to know about a root module."""
    return RootCode(
        tree,
        tuple(_list_providers(found)),
        tuple(sorted(found.needed)),
        found.addresses,
        found.moved,
        found.remote_states,
    )


def _list_providers(found: "RootFindings") -> Iterator[RootProvider]:
    defaults = {each.name: each for each in found.providers if not each.alias}
    for each in found.providers:
        if kind := find_provider_kind(each.source):
            yield _describe_provider(each, kind, defaults.get(each.name))
    for name, source in found.needed.items():
        if name not in defaults and (kind := find_provider_kind(source)):
            yield RootProvider(name=name, kind=kind)


def _describe_provider(
    each: "ProviderDeclaration", kind: ProviderKind, default: "ProviderDeclaration | None"
) -> RootProvider:
    said = to_provider_configuration(each.name, kind, each.arguments)
    credentials = {*CREDENTIAL_KEYS, "assume_role"} & each.credentials.keys()
    of_default = default.credentials if default else {}
    is_like_default = all(each.credentials[key] == of_default.get(key) for key in credentials)
    return RootProvider(
        name=each.name,
        kind=kind,
        alias=each.alias,
        region=each.region,
        region_variable=each.region_variable,
        has_region=each.has_region,
        # The environment alone says who the default configuration is.
        is_separate=bool(each.alias) and (not is_like_default or bool(said.allowed)),
        allowed=said.allowed,
        role=said.role,
        unresolved=said.unresolved,
        endpoints=said.endpoints,
        credentials=tuple(sorted({*said.credentials} | ({_WEB_IDENTITY} & each.credentials.keys()))),
        has_default_tags="default_tags" in each.arguments,
    )
