"""The target of an apply in one environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.release.backend import Backend


@dataclass(frozen=True)
class Place:
    """The target of an apply in one environment: account, region, role and backend."""

    environment: str
    backend: Backend
    account_id: str | None = None
    region: str | None = None
    assume_role: str | None = None
    external_id: str | None = None
    session_tags: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)  # additional regions by the names used in stacks
    other_accounts: tuple[str, ...] = ()  # permitted to providers, never rendered
    # keys of providers by name, or by name and alias, over those of the release
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    # keys of `assume_role` in place of those with the role of a deployer, by that role: of each environment with a role
    # to look with, if `assume_role` is one
    replaced_roles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
