"""The AWS accounts provider configurations act in, as far as the configurations tell.

The provider compares `allowed_account_ids` with the answer of AWS and refuses other accounts. A role acts in its own
account. No other argument determines the account.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from envctl.domain.text.lists import join_first, join_names

ProviderKind = Literal["aws", "awscc"]
PROVIDER_KINDS: Mapping[str, ProviderKind] = {"aws": "aws", "awscc": "awscc"}
"""Kinds by the last part of a provider's source: forks and mirrors keep the name of the original."""
CREDENTIAL_KEYS = (
    "access_key", "assume_role_with_web_identity", "profile", "secret_key", "shared_config_files",
    "shared_credentials_file", "shared_credentials_files", "token",
)  # fmt: skip
"""Keys with other credentials than those Terraform was started with."""
MAX_NAMED = 3

_ROLE = r"arn:aws[a-z-]*:iam::(\d{12}):role/\S+"
# Host names of AWS itself; others, with more labels or without a region, may belong to anyone. Compiled on first use:
# few configurations have endpoints.
_AWS_HOSTS = (
    r"(?:[a-z0-9-]+\.){1,2}[a-z]{2}(?:-[a-z]+)+-\d+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)",
    r"(?:[a-z0-9-]+\.)*vpce-[0-9a-z-]+\.[a-z0-9.-]+\.vpce\.amazonaws\.com(?:\.cn)?",
    r"(?:budgets|ce|cloudfront|iam|organizations|route53|s3|sts)\.amazonaws\.com(?:\.cn)?",
)
_CUSTOMER_HOSTS = r"\b(?:execute-api|elb|iot|s3-website|vpce-svc-[0-9a-z]+)\b"


class LateValue(Enum):
    """A placeholder for a value known only when Terraform runs."""

    UNTOLD = "known later"


UNRESOLVED = LateValue.UNTOLD
ProviderArguments = Mapping[str, object]
"""The arguments of a configuration: values, UNRESOLVED, and mappings or lists of mappings for blocks."""


@dataclass(frozen=True, kw_only=True)
class ProviderConfiguration:
    """An AWS provider configuration, reduced to the arguments relevant to its account."""

    name: str  # name in code, like `aws` or `aws.us_east_1`
    kind: ProviderKind
    module: str = ""  # address of its module, like `module.web`; empty in the root module
    allowed: tuple[str, ...] = ()  # accounts in `allowed_account_ids`; empty without any
    role: str = ""  # the last role it assumes; empty without one
    unresolved: tuple[str, ...] = ()  # account keys with values known only when Terraform runs
    endpoints: tuple[str, ...] = ()  # addresses for requests in place of those of AWS
    credentials: tuple[str, ...] = ()  # keys with other credentials than those Terraform was started with
    in_root: bool = False  # a root module that runs as it is declares it; envctl overrides parts of it
    region: str = ""  # its region; empty if it is known only when Terraform runs

    @property
    def is_rendered(self) -> bool:
        """Tell if envctl renders this configuration from the environment: the main one."""
        return not (self.module or self.in_root) and not self.is_alias

    @property
    def is_alias(self) -> bool:
        return "." in self.name


@dataclass(frozen=True)
class AccountScope:
    """The accounts an environment may act in."""

    environment: str
    account_id: str = ""  # its `account_id`; empty without one
    role: str = ""  # its `assume_role`; empty without one
    others: tuple[str, ...] = ()  # its `other_accounts`

    @property
    def account(self) -> str:
        """Return its account, or else that of its role; empty if neither is set."""
        return self.account_id or parse_role_account(self.role)

    @property
    def accounts(self) -> frozenset[str]:
        return frozenset({self.account, *self.others}) if self.account else frozenset()


@dataclass(frozen=True)
class AccountMismatch:
    """A reason why a configuration could act outside the accounts of an environment."""

    configuration: ProviderConfiguration
    why: str  # rest of a sentence that begins with the name of the configuration
    key: str  # key of the configuration behind it
    account: str = ""  # the foreign account, if it is named; `other_accounts` may allow it


def find_provider_kind(source: str) -> ProviderKind | None:
    """Return the kind of a provider with that source, like `hashicorp/aws`; None for providers without AWS accounts."""
    return PROVIDER_KINDS.get(source.rpartition("/")[2].lower())


def find_provider_source(name: str, tables: Mapping[str, Mapping[str, object]]) -> str:
    """Return the source of a provider, from the tables of `[providers]`."""
    return str(tables.get(name, {}).get("source", f"hashicorp/{name}"))


def parse_role_account(role: str) -> str:
    """Return the account in the ARN of a role; empty for other text."""
    match = re.fullmatch(_ROLE, role)
    return match[1] if match else ""


def to_provider_configuration(
    name: str, kind: ProviderKind, arguments: ProviderArguments, module: str = "", *, in_root: bool = False
) -> ProviderConfiguration:
    allowed, role = arguments.get("allowed_account_ids"), find_last_role(arguments.get("assume_role"))
    region = arguments.get("region")
    endpoints = tuple(_list_texts(arguments.get("endpoints")))
    unresolved = [
        key for key, value in (("allowed_account_ids", allowed), ("assume_role", role)) if value is UNRESOLVED
    ]
    return ProviderConfiguration(
        name=name,
        kind=kind,
        module=module,
        allowed=tuple(map(str, allowed)) if isinstance(allowed, Sequence) and not isinstance(allowed, str) else (),
        role=role if isinstance(role, str) else "",
        unresolved=tuple(unresolved),
        endpoints=endpoints,
        credentials=tuple(key for key in CREDENTIAL_KEYS if arguments.get(key)),
        in_root=in_root,
        region=region if isinstance(region, str) else "",
    )


def find_account_mismatches(
    found: ProviderConfiguration, home: AccountScope, *, is_ours: bool = False
) -> Iterator[AccountMismatch]:
    """Yield the mismatches of a configuration; none for an environment without an account.

    With `is_ours`, envctl renders the alias, and it must take a role like the main configuration.
    """
    if not home.account:
        return
    if elsewhere := [_parse_host(each) for each in found.endpoints if not _is_aws_host(each)]:
        yield AccountMismatch(found, f"sends requests to {join_first(elsewhere, MAX_NAMED)}", "endpoints")
    if found.allowed:
        if foreign := [account for account in found.allowed if account not in home.accounts]:
            yield AccountMismatch(
                found, f"may act in account {join_first(foreign, MAX_NAMED)}", "allowed_account_ids", foreign[0]
            )
    elif found.role:
        yield from _compare_role(found, home)
    else:
        yield from _check_unnamed_account(found, home)
    if home.role and (found.is_rendered or (is_ours and not found.role)):
        yield from _compare_rendered_role(found, home)


def name_configuration(found: ProviderConfiguration) -> str:
    return f"provider {found.name} in {found.module}" if found.module else f"provider {found.name}"


def suggest_fix(mismatch: AccountMismatch, environment: str, table: str = "") -> str:
    """Suggest an edit to keep the configuration in the accounts of the environment. `table` is the one in envctl.toml
    with the wrong key; empty for `[providers.NAME]`.
    """
    found, section = mismatch.configuration, f"[environments.{environment}]"
    if mismatch.account and not re.fullmatch(r"\d{12}", mismatch.account):
        return f"{mismatch.account} is not an AWS account id of 12 digits: correct it"
    if mismatch.account:
        return f'if intended, write other_accounts = ["{mismatch.account}"] in {section} of envctl.toml'
    if mismatch.key == "endpoints":
        return "remove the endpoints: the account is known only with the endpoints of AWS"
    if found.in_root:
        return (
            'write allowed_account_ids = ["ACCOUNT"] into its provider block; an account other than that of the'
            f" environment must be in other_accounts of {section} too"
        )
    if found.module:
        return (
            "remove the provider block from the module; for another region of the account, give the stack"
            ' `region = NAME`; for another account, write allowed_account_ids = ["ACCOUNT"] in the block, and'
            " list it in"
            f" other_accounts of {section}"
        )
    own = f'[stacks.STACK.providers] "{found.name}"' if found.is_alias else f"[providers.{found.name}]"
    table = f"[{table}]" if table else own
    if found.kind == "awscc":
        return f"write {table} in envctl.toml without credentials: envctl adds region and role of {section}"
    return f"remove {mismatch.key} from {table}: with a region in {section}, envctl renders it from {section}"


def _compare_role(found: ProviderConfiguration, home: AccountScope) -> Iterator[AccountMismatch]:
    account = parse_role_account(found.role)
    if account not in home.accounts:
        of = f", of account {account}" if account else ""
        yield AccountMismatch(found, f"takes the role {found.role}{of}", "assume_role", account)
    elif found.is_rendered and found.kind == "aws" and home.account_id:
        # Only [providers] in the project file can remove the account.
        yield AccountMismatch(found, f"allows no account; expected {home.account_id}", "allowed_account_ids")


def _check_unnamed_account(found: ProviderConfiguration, home: AccountScope) -> Iterator[AccountMismatch]:
    if found.unresolved:
        keys = join_names(found.unresolved)
        yield AccountMismatch(found, f"has an expression for its {keys}: its account is unknown", found.unresolved[0])
    elif found.kind == "aws":
        yield AccountMismatch(found, "does not name its account", "allowed_account_ids")
    elif home.role or found.credentials:
        # awscc has no key for accounts. Without a role it uses the credentials of Terraform, checked elsewhere.
        yield AccountMismatch(found, "takes no role: its account is unknown", "assume_role")


def _compare_rendered_role(found: ProviderConfiguration, home: AccountScope) -> Iterator[AccountMismatch]:
    """Yield a mismatch if the rendered configuration assumes another role than that of the environment."""
    if found.role != home.role and parse_role_account(found.role) not in home.others:
        instead = f"takes the role {found.role}" if found.role else "takes no role"
        yield AccountMismatch(found, f"{instead}; expected {home.role}", "assume_role")


def find_last_role(value: object) -> object:
    """Return the last role: of several, each is assumed with the one before it."""
    blocks = value if isinstance(value, list | tuple) else [value]
    if UNRESOLVED in blocks:
        return UNRESOLVED
    roles = [block.get("role_arn") for block in blocks if isinstance(block, Mapping)]
    return roles[-1] if roles else ""


def _list_texts(value: object) -> Iterator[str]:
    if value is UNRESOLVED:
        yield ""
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _list_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _list_texts(item)
    elif value:
        yield str(value)


def _parse_host(endpoint: str) -> str:
    """Return the host of an address, without credentials in it."""
    from urllib.parse import urlsplit

    try:
        return urlsplit(endpoint if "//" in endpoint else f"//{endpoint}").hostname or "an address from an expression"
    except ValueError:
        return "an invalid address"


def _is_aws_host(endpoint: str) -> bool:
    host = _parse_host(endpoint)
    return any(re.fullmatch(each, host) for each in _AWS_HOSTS) and not re.search(_CUSTOMER_HOSTS, host)
