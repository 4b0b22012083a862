"""In whose account a configuration of an AWS provider acts, as far as what it says tells.

The provider compares `allowed_account_ids` with what AWS answers, and does nothing in another account. A role acts in
its own account. Nothing else that a configuration can say tells the account.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from envctl.domain.enumeration import first_of, listed

Kind = Literal["aws", "awscc"]
KINDS: Mapping[str, Kind] = {"aws": "aws", "awscc": "awscc"}
"""By the last part of a provider's source: forks and mirrors have the name of what they are made of."""
CREDENTIALS = (
    "access_key",
    "assume_role_with_web_identity",
    "profile",
    "secret_key",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "token",
)
"""Keys that let a configuration act as somebody else than who started Terraform."""
NAMED = 3

_ROLE = r"arn:aws[a-z-]*:iam::(\d{12}):role/\S+"
# Compiled where they are needed first: hardly any configuration has endpoints. AWS alone has these names. One with more
# labels, or without a region, can be anyone's.
_HOSTS_OF_AWS = (
    r"(?:[a-z0-9-]+\.){1,2}[a-z]{2}(?:-[a-z]+)+-\d+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)",
    r"(?:[a-z0-9-]+\.)*vpce-[0-9a-z-]+\.[a-z0-9.-]+\.vpce\.amazonaws\.com(?:\.cn)?",
    r"(?:budgets|ce|cloudfront|iam|organizations|route53|s3|sts)\.amazonaws\.com(?:\.cn)?",
)
_HOSTS_OF_OTHERS = r"\b(?:execute-api|elb|iot|s3-website|vpce-svc-[0-9a-z]+)\b"


class Untold(Enum):
    """Stands in place of a value that is only known when Terraform runs."""

    UNTOLD = "known later"


UNTOLD = Untold.UNTOLD
Said = Mapping[str, object]
"""What a configuration says by its keys: values, UNTOLD, and mappings or lists of mappings for blocks."""


@dataclass(frozen=True)
class ProviderConfiguration:
    """What decides in whose account one configuration of an AWS provider acts.

    Attributes:
        name: as code names it, like `aws` or `aws.us_east_1`.
        kind: which of the AWS providers it configures.
        module: the address of the module that it stands in, like `module.web`; empty in the root module.
        allowed: the accounts that `allowed_account_ids` lists; empty where it lists none.
        role: the role that it takes last; empty where it takes none.
        untold: the keys that decide and whose values are only known when Terraform runs.
        endpoints: the addresses that requests go to in place of AWS's own.
        credentials: the keys that give it other credentials than those that Terraform was started with.
    """

    name: str
    kind: Kind
    module: str = ""
    allowed: tuple[str, ...] = ()
    role: str = ""
    untold: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()

    @property
    def is_rendered(self) -> bool:
        """Whether it is the one that envctl itself renders, with what the environment says."""
        return not self.module and "." not in self.name


@dataclass(frozen=True)
class Home:
    """Where an environment is.

    Attributes:
        environment: its name.
        account_id: its `account_id`; empty where the project names none.
        role: its `assume_role`; empty where it has none.
        others: its `other_accounts`.
    """

    environment: str
    account_id: str = ""
    role: str = ""
    others: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """The account that it is in: that of its role, where only that is named."""
        return self.account_id or account_of(self.role)

    @property
    def accounts(self) -> frozenset[str]:
        return frozenset({self.account, *self.others}) if self.account else frozenset()


@dataclass(frozen=True)
class Stray:
    """Why a configuration could act elsewhere than in the environment's account.

    Attributes:
        configuration: the one that could.
        why: what it does, as the rest of a sentence that begins with its name.
        key: the key that leads there.
        account: the other account, where it names one; `other_accounts` can name that too.
    """

    configuration: ProviderConfiguration
    why: str
    key: str
    account: str = ""


def kind_of(source: str) -> Kind | None:
    """The kind of a provider with that source, like `hashicorp/aws`. None where accounts of AWS mean nothing to it."""
    return KINDS.get(source.rpartition("/")[2].lower())


def source_of(name: str, tables: Mapping[str, Mapping[str, object]]) -> str:
    """The source of a provider, by its name and the tables of `[providers]`."""
    return str(tables.get(name, {}).get("source", f"hashicorp/{name}"))


def account_of(role: str) -> str:
    """The account of a role; empty for what is not the ARN of one."""
    match = re.fullmatch(_ROLE, role)
    return match[1] if match else ""


def describe_configuration(name: str, kind: Kind, said: Said, module: str = "") -> ProviderConfiguration:
    allowed, role = said.get("allowed_account_ids"), _last_role(said.get("assume_role"))
    endpoints = tuple(_texts(said.get("endpoints")))
    untold = [key for key, value in (("allowed_account_ids", allowed), ("assume_role", role)) if value is UNTOLD]
    return ProviderConfiguration(
        name,
        kind,
        module,
        tuple(map(str, allowed)) if isinstance(allowed, Sequence) and not isinstance(allowed, str) else (),
        role if isinstance(role, str) else "",
        tuple(untold),
        endpoints,
        tuple(key for key in CREDENTIALS if said.get(key)),
    )


def find_strays(found: ProviderConfiguration, home: Home) -> Iterator[Stray]:
    """Nothing where it can act in the accounts of the environment alone, or where the environment has no account."""
    if not home.account:
        return
    if elsewhere := [_host(each) for each in found.endpoints if not _is_of_aws(each)]:
        yield Stray(found, f"sends requests to {first_of(elsewhere, NAMED)}", "endpoints")
    if found.allowed:
        yield from _compare_accounts(found, home)
    elif found.role:
        yield from _compare_role(found, home)
    else:
        yield from _explain_silence(found, home)
    if found.is_rendered and home.role:
        yield from _compare_rendered_role(found, home)


def name_configuration(found: ProviderConfiguration) -> str:
    return f"provider {found.name} in {found.module}" if found.module else f"provider {found.name}"


def advise(stray: Stray, environment: str) -> str:
    """What to write, so that the configuration acts in the environment's account, or where the project says."""
    found, section = stray.configuration, f"[environments.{environment}]"
    if stray.account:
        return f'if that is meant, write other_accounts = ["{stray.account}"] in {section} of envctl.toml'
    if stray.key == "endpoints":
        return "take the endpoints out: only those of AWS itself say whose account answers"
    if not found.is_rendered:
        return (
            "take the provider block out of the module: a stack with `region = NAME` works in another region of the"
            ' account; a block for another account says allowed_account_ids = ["ACCOUNT"], and'
            f" other_accounts of {section} names it"
        )
    table = f"[providers.{found.name}]"
    if found.kind == "awscc":
        return f"write {table} in envctl.toml without credentials: envctl gives it region and role of {section}"
    return f"take {stray.key} out of {table}: with a region in {section}, envctl renders what {section} says"


def _compare_accounts(found: ProviderConfiguration, home: Home) -> Iterator[Stray]:
    if foreign := [account for account in found.allowed if account not in home.accounts]:
        yield Stray(found, f"may act in account {first_of(foreign, NAMED)}", "allowed_account_ids", foreign[0])


def _compare_role(found: ProviderConfiguration, home: Home) -> Iterator[Stray]:
    account = account_of(found.role)
    if account not in home.accounts:
        of = f", of account {account}" if account else ""
        yield Stray(found, f"takes the role {found.role}{of}", "assume_role", account)
    elif found.is_rendered and found.kind == "aws" and home.account_id:
        # Only what the project file says in its place takes it out.
        yield Stray(found, f"allows no account in place of {home.account_id}", "allowed_account_ids")


def _explain_silence(found: ProviderConfiguration, home: Home) -> Iterator[Stray]:
    if found.untold:
        keys = listed(found.untold)
        yield Stray(found, f"has an expression for its {keys}, so that its account is not known", found.untold[0])
    elif found.kind == "aws":
        yield Stray(found, "does not say its account", "allowed_account_ids")
    elif home.role or found.credentials:
        # It has no key that names accounts. Without a role it acts where the credentials do that Terraform was started
        # with, and whose those are is asked before.
        yield Stray(found, "takes no role, so that its account is not known", "assume_role")


def _compare_rendered_role(found: ProviderConfiguration, home: Home) -> Iterator[Stray]:
    """What envctl renders acts as the role of the environment, and not as who started it."""
    if found.role != home.role and account_of(found.role) not in home.others:
        instead = f"takes the role {found.role}" if found.role else "takes no role"
        yield Stray(found, f"{instead} in place of {home.role}", "assume_role")


def _last_role(said: object) -> object:
    """The role that is taken last: of several, each is taken with the one before it."""
    blocks = said if isinstance(said, list | tuple) else [said]
    if UNTOLD in blocks:
        return UNTOLD
    roles = [block.get("role_arn") for block in blocks if isinstance(block, Mapping)]
    return roles[-1] if roles else ""


def _texts(said: object) -> Iterator[str]:
    if said is UNTOLD:
        yield ""
    elif isinstance(said, Mapping):
        for value in said.values():
            yield from _texts(value)
    elif isinstance(said, list | tuple):
        for value in said:
            yield from _texts(value)
    elif said:
        yield str(said)


def _host(endpoint: str) -> str:
    """Without what an address can hold of credentials."""
    from urllib.parse import urlsplit

    try:
        return urlsplit(endpoint if "//" in endpoint else f"//{endpoint}").hostname or "an address from an expression"
    except ValueError:
        return "an address that is none"


def _is_of_aws(endpoint: str) -> bool:
    host = _host(endpoint)
    return any(re.fullmatch(each, host) for each in _HOSTS_OF_AWS) and not re.search(_HOSTS_OF_OTHERS, host)
