"""In whose account a configuration of an AWS provider acts: what tells it, and what does not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.domain.plan.provider_accounts import (
    UNRESOLVED,
    AccountScope,
    ProviderConfiguration,
    ProviderKind,
    find_account_mismatches,
    find_provider_kind,
    find_provider_source,
    name_configuration,
    parse_role_account,
    suggest_fix,
    to_provider_configuration,
)

MINE, OTHER, THIRD = "111111111111", "999999999999", "888888888888"
ROLE, FOREIGN = f"arn:aws:iam::{MINE}:role/deployer", f"arn:aws:iam::{OTHER}:role/deployer"
HOME = AccountScope("dev", MINE, "", ())
WITH_ROLE = AccountScope("dev", MINE, ROLE, ())
LENIENT = AccountScope("dev", MINE, "", (OTHER,))

SCHEMA = json.loads((Path(__file__).parents[2] / "modules" / "aws6" / "schema-6.25.0.json").read_text())
BLOCK = SCHEMA["provider_schemas"]["registry.terraform.io/hashicorp/aws"]["provider"]["block"]
KEYS = [*BLOCK["attributes"], *BLOCK["block_types"]]
TELLING = {"allowed_account_ids", "assume_role", "endpoints"}


def whys(
    said: dict[str, object], home: AccountScope = HOME, name: str = "aws.far", kind: ProviderKind = "aws"
) -> list[str]:
    return [
        stray.why for stray in find_account_mismatches(to_provider_configuration(name, kind, said, "module.web"), home)
    ]


def rendered(said: dict[str, object], home: AccountScope = WITH_ROLE, kind: ProviderKind = "aws") -> list[str]:
    return [stray.why for stray in find_account_mismatches(to_provider_configuration(kind, kind, said), home)]


@pytest.mark.parametrize("key", sorted(set(KEYS) - TELLING))
@pytest.mark.parametrize("value", [UNRESOLVED, "x", True, ["x"], [{"role_arn": ROLE}], None])
def test_other_provider_keys_do_not_tell_the_account(key: str, value: object) -> None:
    assert whys({key: value}) == ["does not name its account"]
    assert whys({key: value, "allowed_account_ids": [MINE]}) == []


PASSES: dict[str, tuple[dict[str, object], AccountScope]] = {
    "it allows the account": ({"allowed_account_ids": [MINE]}, HOME),
    "it allows the account as a number": ({"allowed_account_ids": [111111111111]}, HOME),
    "it allows the account and one that is named": ({"allowed_account_ids": [MINE, OTHER]}, LENIENT),
    "it allows one that is named": ({"allowed_account_ids": [OTHER]}, LENIENT),
    "it takes a role of the account": ({"assume_role": [{"role_arn": ROLE}]}, HOME),
    "it takes a role as a value": ({"assume_role": {"role_arn": ROLE}}, HOME),
    "the last of its roles is of the account": ({"assume_role": [{"role_arn": FOREIGN}, {"role_arn": ROLE}]}, HOME),
    "its role is of an account that is named": ({"assume_role": [{"role_arn": FOREIGN}]}, LENIENT),
    "what it allows counts alone": ({"allowed_account_ids": [MINE], "assume_role": [{"role_arn": UNRESOLVED}]}, HOME),
    "a role counts beside a list": ({"allowed_account_ids": UNRESOLVED, "assume_role": [{"role_arn": ROLE}]}, HOME),
    "the environment has no account": ({"allowed_account_ids": [OTHER]}, AccountScope("dev", "", "", (OTHER,))),
    "the account is that of the role": ({"allowed_account_ids": [MINE]}, AccountScope("dev", "", ROLE, ())),
    "requests go to a service of AWS": (
        {"allowed_account_ids": [MINE], "endpoints": [{"sts": "https://sts.eu-west-1.amazonaws.com"}]},
        HOME,
    ),
    "an endpoint is empty": ({"allowed_account_ids": [MINE], "endpoints": [{"sts": ""}]}, HOME),
}


@pytest.mark.parametrize(("said", "home"), PASSES.values(), ids=PASSES)
def test_provider_passes_where(said: dict[str, object], home: AccountScope) -> None:
    assert whys(said, home) == []


SILENT = "does not name its account"
REFUSED: dict[str, tuple[dict[str, object], AccountScope, list[str]]] = {
    "it says nothing": ({}, HOME, [SILENT]),
    "it allows none": ({"allowed_account_ids": []}, HOME, [SILENT]),
    "it allows null": ({"allowed_account_ids": None}, HOME, [SILENT]),
    "it takes no role": ({"assume_role": []}, HOME, [SILENT]),
    "its role has no name": ({"assume_role": [{"session_name": "x"}]}, HOME, [SILENT]),
    "it forbids another account": ({"forbidden_account_ids": [OTHER]}, HOME, [SILENT]),
    "it allows another": ({"allowed_account_ids": [OTHER]}, HOME, [f"may act in account {OTHER}"]),
    "it allows another besides": (
        {"allowed_account_ids": [MINE, OTHER, THIRD]},
        HOME,
        [f"may act in account {OTHER}, {THIRD}"],
    ),
    "it allows an unnamed one": ({"allowed_account_ids": [OTHER, THIRD]}, LENIENT, [f"may act in account {THIRD}"]),
    "its role is of another account": (
        {"assume_role": [{"role_arn": FOREIGN}]},
        HOME,
        [f"takes the role {FOREIGN}, of account {OTHER}"],
    ),
    "the last of its roles is of another account": (
        {"assume_role": [{"role_arn": ROLE}, {"role_arn": FOREIGN}]},
        HOME,
        [f"takes the role {FOREIGN}, of account {OTHER}"],
    ),
    "a role of the account does not help what is allowed": (
        {"allowed_account_ids": [OTHER], "assume_role": [{"role_arn": ROLE}]},
        HOME,
        [f"may act in account {OTHER}"],
    ),
    "its role is no ARN": ({"assume_role": [{"role_arn": "deployer"}]}, HOME, ["takes the role deployer"]),
    "the list is an expression": (
        {"allowed_account_ids": UNRESOLVED},
        HOME,
        ["has an expression for its allowed_account_ids: its account is unknown"],
    ),
    "the role is an expression": (
        {"assume_role": [{"role_arn": UNRESOLVED}]},
        HOME,
        ["has an expression for its assume_role: its account is unknown"],
    ),
    "both are expressions": (
        {"allowed_account_ids": UNRESOLVED, "assume_role": UNRESOLVED},
        HOME,
        ["has an expression for its allowed_account_ids and assume_role: its account is unknown"],
    ),
}


@pytest.mark.parametrize(("said", "home", "why"), REFUSED.values(), ids=REFUSED)
def test_provider_is_refused_where(said: dict[str, object], home: AccountScope, why: list[str]) -> None:
    assert whys(said, home) == why


AWS_HOSTS = [
    "https://sts.amazonaws.com",
    "https://sts.eu-west-1.amazonaws.com",
    "sts.eu-west-1.amazonaws.com",
    "https://s3.dualstack.eu-west-1.amazonaws.com",
    "https://ec2.eu-west-1.api.aws",
    "https://sts.cn-north-1.amazonaws.com.cn",
    "https://ec2.us-gov-west-1.amazonaws.com",
    "https://vpce-0123abc-xyz.sts.eu-west-1.vpce.amazonaws.com",
    "https://bucket.vpce-0123abc-xyz.s3.eu-west-1.vpce.amazonaws.com",
]
OTHER_HOSTS = {
    "http://127.0.0.1:5000": "127.0.0.1",
    "https://sts.example.com": "sts.example.com",
    "https://sts.amazonaws.com.example.com": "sts.amazonaws.com.example.com",
    "https://user:planted@sts.example.com/x": "sts.example.com",
    "https://sts.amazonaws.com@example.com": "example.com",
    "https://ab12.execute-api.eu-west-1.amazonaws.com": "ab12.execute-api.eu-west-1.amazonaws.com",
    "https://mine-1.eu-west-1.elb.amazonaws.com": "mine-1.eu-west-1.elb.amazonaws.com",
    "https://ec2-1-2-3-4.compute-1.amazonaws.com": "ec2-1-2-3-4.compute-1.amazonaws.com",
    "https://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com": "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
    "https://mine.s3.amazonaws.com": "mine.s3.amazonaws.com",
    "https://vpce-1.vpce-svc-2.eu-west-1.vpce.amazonaws.com": "vpce-1.vpce-svc-2.eu-west-1.vpce.amazonaws.com",
    "https://[": "an invalid address",
    "nonsense://": "an address from an expression",
}


@pytest.mark.parametrize("endpoint", AWS_HOSTS)
def test_endpoint_of_aws_passes(endpoint: str) -> None:
    assert whys({"allowed_account_ids": [MINE], "endpoints": [{"sts": endpoint}]}) == []


@pytest.mark.parametrize(("endpoint", "host"), OTHER_HOSTS.items())
def test_endpoint_of_others_is_refused(endpoint: str, host: str) -> None:
    said = {"allowed_account_ids": [MINE], "endpoints": [{"s3": "https://s3.eu-west-1.amazonaws.com", "sts": endpoint}]}
    assert whys(said) == [f"sends requests to {host}"]
    assert whys(said, LENIENT) == [f"sends requests to {host}"]


@pytest.mark.parametrize("said", [UNRESOLVED, [UNRESOLVED], [{"sts": UNRESOLVED}], {"sts": UNRESOLVED}])
def test_endpoint_from_an_expression_is_refused(said: object) -> None:
    told = ["sends requests to an address from an expression"]
    assert whys({"allowed_account_ids": [MINE], "endpoints": said}) == told


RENDERED: dict[str, tuple[dict[str, object], AccountScope, list[str]]] = {
    "the environment's role": ({"allowed_account_ids": [MINE], "assume_role": [{"role_arn": ROLE}]}, WITH_ROLE, []),
    "no role where there is none": ({"allowed_account_ids": [MINE]}, HOME, []),
    "a role where there is none": ({"allowed_account_ids": [MINE], "assume_role": [{"role_arn": ROLE}]}, HOME, []),
    "the role alone says the account": ({"assume_role": [{"role_arn": ROLE}]}, AccountScope("dev", "", ROLE), []),
    "no account in its place": (
        {"allowed_account_ids": [], "assume_role": [{"role_arn": ROLE}]},
        WITH_ROLE,
        [f"allows no account; expected {MINE}"],
    ),
    "no role": ({"allowed_account_ids": [MINE], "assume_role": []}, WITH_ROLE, [f"takes no role; expected {ROLE}"]),
    "another role in its place": (
        {"allowed_account_ids": [MINE], "assume_role": [{"role_arn": f"{ROLE}-2"}]},
        WITH_ROLE,
        [f"takes the role {ROLE}-2; expected {ROLE}"],
    ),
    "a role of an account that is named": (
        {"allowed_account_ids": [OTHER], "assume_role": [{"role_arn": FOREIGN}]},
        AccountScope("dev", MINE, ROLE, (OTHER,)),
        [],
    ),
    "nothing": ({}, WITH_ROLE, [SILENT, f"takes no role; expected {ROLE}"]),
}


@pytest.mark.parametrize(("said", "home", "why"), RENDERED.values(), ids=RENDERED)
def test_rendered_provider_has_account(said: dict[str, object], home: AccountScope, why: list[str]) -> None:
    assert rendered(said, home) == why


def test_alias_needs_no_role_of_the_environment() -> None:
    assert whys({"allowed_account_ids": [MINE]}, WITH_ROLE) == []
    assert [
        *find_account_mismatches(
            to_provider_configuration("aws.far", "aws", {"allowed_account_ids": [MINE]}), WITH_ROLE
        )
    ] == []


OURS: dict[str, tuple[dict[str, object], list[str]]] = {
    "no role": ({"allowed_account_ids": [MINE]}, [f"takes no role; expected {ROLE}"]),
    "the environment's role": ({"allowed_account_ids": [MINE], "assume_role": {"role_arn": ROLE}}, []),
    "a role of its own": ({"allowed_account_ids": [MINE], "assume_role": {"role_arn": f"{ROLE}-2"}}, []),
}


@pytest.mark.parametrize(("said", "why"), OURS.values(), ids=OURS)
def test_rendered_alias_needs_some_role(said: dict[str, object], why: list[str]) -> None:
    found = to_provider_configuration("aws.far", "aws", said)
    assert [stray.why for stray in find_account_mismatches(found, WITH_ROLE, is_ours=True)] == why


CLOUD_CONTROL: dict[str, tuple[dict[str, object], AccountScope, list[str]]] = {
    "it takes a role of the account": ({"assume_role": {"role_arn": ROLE}}, WITH_ROLE, []),
    "nothing has a role": ({}, HOME, []),
    "it has credentials of its own": ({"profile": "mine"}, HOME, ["takes no role: its account is unknown"]),
    "it does not take the role": ({}, WITH_ROLE, ["takes no role: its account is unknown"]),
    "its role is of another account": (
        {"assume_role": {"role_arn": FOREIGN}},
        WITH_ROLE,
        [f"takes the role {FOREIGN}, of account {OTHER}"],
    ),
}


@pytest.mark.parametrize(("said", "home", "why"), CLOUD_CONTROL.values(), ids=CLOUD_CONTROL)
def test_cloud_control_provider_is_judged_by_role(said: dict[str, object], home: AccountScope, why: list[str]) -> None:
    assert whys(said, home, "awscc.far", "awscc") == why


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("registry.terraform.io/hashicorp/aws", "aws"),
        ("registry.opentofu.org/hashicorp/aws", "aws"),
        ("hashicorp/aws", "aws"),
        ("aws", "aws"),
        ("mirror.example.com/acme/AWS", "aws"),
        ("acme/aws", "aws"),
        ("hashicorp/awscc", "awscc"),
        ("hashicorp/random", None),
        ("aws/random", None),
        ("acme/aws-extras", None),
        ("terraform.io/builtin/terraform", None),
        ("", None),
    ],
)
def test_provider_kind_is_read_from_its_source(source: str, kind: ProviderKind | None) -> None:
    assert find_provider_kind(source) == kind


def test_provider_source_is_read_from_the_table() -> None:
    assert find_provider_source("aws", {}) == "hashicorp/aws"
    assert find_provider_source("amazon", {"amazon": {"source": "hashicorp/aws"}}) == "hashicorp/aws"


@pytest.mark.parametrize(
    ("role", "account"),
    [(ROLE, MINE), ("arn:aws-cn:iam::111111111111:role/a/b", MINE), (f"{ROLE} x", ""), ("", ""), ("deployer", "")],
)
def test_role_has_an_account(role: str, account: str) -> None:
    assert parse_role_account(role) == account


MODULES = ProviderConfiguration(name="aws.far", kind="aws", module="module.web")
TABLE, CLOUD_TABLE = ProviderConfiguration(name="aws", kind="aws"), ProviderConfiguration(name="awscc", kind="awscc")
NAME_OTHER = f'if intended, write other_accounts = ["{OTHER}"] in [environments.dev] of envctl.toml'
RENDER = "with a region in [environments.dev], envctl renders it from [environments.dev]"
TAKE_ACCOUNTS = f"remove allowed_account_ids from [providers.aws]: {RENDER}"
TAKE_ROLE = f"remove assume_role from [providers.aws]: {RENDER}"
TAKE_ENDPOINTS = "remove the endpoints: the account is known only with the endpoints of AWS"
TAKE_BLOCK = (
    "remove the provider block from the module; for another region of the account, give the stack `region = NAME`;"
    ' for another account, write allowed_account_ids = ["ACCOUNT"] in the block, and list it in other_accounts of'
    " [environments.dev]"
)
TAKE_ALIAS = f'remove allowed_account_ids from [stacks.STACK.providers] "aws.far": {RENDER}'
TAKE_CREDENTIALS = (
    "write [providers.awscc] in envctl.toml without credentials: envctl adds region and role of [environments.dev]"
)
MANY = tuple(f"{number:012}" for number in range(4))
# What a configuration has, the key that leads elsewhere, and what to write instead.
LEADS: dict[str, tuple[ProviderConfiguration, AccountScope, str, str]] = {
    "another account": (replace(MODULES, allowed=(OTHER,)), HOME, "allowed_account_ids", NAME_OTHER),
    "an account without a number": (replace(TABLE, allowed=("",)), HOME, "allowed_account_ids", TAKE_ACCOUNTS),
    "no account": (TABLE, HOME, "allowed_account_ids", TAKE_ACCOUNTS),
    "no account, beside a role": (replace(TABLE, role=ROLE), HOME, "allowed_account_ids", TAKE_ACCOUNTS),
    "an expression": (replace(TABLE, unresolved=("assume_role",)), HOME, "assume_role", TAKE_ROLE),
    "a role of another account": (replace(TABLE, role=FOREIGN), HOME, "assume_role", NAME_OTHER),
    "a role without an account": (replace(TABLE, role="deployer"), HOME, "assume_role", TAKE_ROLE),
    "no role in place of one": (replace(TABLE, allowed=(MINE,)), WITH_ROLE, "assume_role", TAKE_ROLE),
    "endpoints": (replace(MODULES, allowed=(MINE,), endpoints=MANY), HOME, "endpoints", TAKE_ENDPOINTS),
    "nothing, in a module": (MODULES, HOME, "allowed_account_ids", TAKE_BLOCK),
    "nothing, in an alias": (replace(TABLE, name="aws.far"), HOME, "allowed_account_ids", TAKE_ALIAS),
    "credentials": (replace(CLOUD_TABLE, credentials=("profile",)), HOME, "assume_role", TAKE_CREDENTIALS),
}


@pytest.mark.parametrize(("found", "home", "key", "advice"), LEADS.values(), ids=LEADS)
def test_mismatch_names_key_and_fix(found: ProviderConfiguration, home: AccountScope, key: str, advice: str) -> None:
    (stray,) = find_account_mismatches(found, home)
    assert (stray.configuration, stray.key, suggest_fix(stray, "dev")) == (found, key, advice)


def test_root_module_names_its_account_itself() -> None:
    (stray,) = find_account_mismatches(to_provider_configuration("aws", "aws", {}, in_root=True), HOME)
    assert suggest_fix(stray, "dev") == (
        'write allowed_account_ids = ["ACCOUNT"] into its provider block; an account other than that of the environment'
        " must be in other_accounts of [environments.dev] too"
    )


def test_fix_names_the_table_with_the_key() -> None:
    (stray,) = find_account_mismatches(replace(TABLE, name="aws.far"), HOME)
    assert suggest_fix(stray, "dev", "environments.dev.providers.aws") == (
        f"remove allowed_account_ids from [environments.dev.providers.aws]: {RENDER}"
    )


def test_at_most_three_foreign_accounts_are_named() -> None:
    (stray,) = find_account_mismatches(replace(MODULES, allowed=MANY), HOME)
    assert stray.why == "may act in account 000000000000, 000000000001, 000000000002 and 1 more"
    (stray,) = find_account_mismatches(replace(MODULES, allowed=(MINE,), endpoints=MANY), HOME)
    assert stray.why == "sends requests to 000000000000, 000000000001, 000000000002 and 1 more"


def test_provider_name_includes_its_module() -> None:
    assert name_configuration(to_provider_configuration("aws.far", "aws", {}, "module.web")) == (
        "provider aws.far in module.web"
    )
    assert name_configuration(TABLE) == "provider aws"
