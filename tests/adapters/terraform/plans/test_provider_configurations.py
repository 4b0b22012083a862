"""In whose account a plan acts: real plans with the real AWS provider, against the sandbox."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from envctl.adapters.terraform.plans.provider_configurations import parse_provider_configurations
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.domain.plan.provider_accounts import AccountScope, find_account_mismatches, name_configuration
from envctl.domain.release.bundle import File
from envctl.domain.release.place.environment_place import Place
from envctl.domain.release.rendering.root_module import render_root_module
from envctl.domain.release.wiring import StackWiring, Wiring
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench

REGION, ACCOUNT, OTHER = "ap-northeast-1", "111111111111", "999999999999"
ROLE, FOREIGN = f"arn:aws:iam::{ACCOUNT}:role/deployer", f"arn:aws:iam::{OTHER}:role/deployer"
HOME = AccountScope("dev", ACCOUNT, ROLE, ())


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[RunningSandbox]:
    directory = tmp_path_factory.mktemp("accounts") / "sandbox"
    directory.mkdir()
    (directory / "mirror").symlink_to(unpacked_provider)
    sandbox = Sandbox(directory)
    yield sandbox.start(buckets=[])
    sandbox.stop()


@pytest.fixture
def aws(bench: Bench, sandbox: RunningSandbox) -> Bench:
    bench.place = replace(bench.place, account_id=ACCOUNT, region=REGION, assume_role=ROLE)
    bench.inherited |= sandbox.build_environment({}) | {"PATH": bench.inherited["PATH"], "AWS_REGION": REGION}
    return bench


def strays(aws: Bench, files: Mapping[str, str], place: Place, provider: Mapping[str, object]) -> list[str]:
    wiring = Wiring(
        project="shop",
        terraform=">= 1.10",
        stacks={"web": StackWiring(module="modules/web")},
        artifacts={},
        schema={"web": ()},
        outputs={},
        providers={"aws": provider},
    )
    workspace = DirectoryWorkspace(aws.root, aws.work, "test")
    workspace.write_code("dev", {f"modules/{name}": File(code.encode()) for name, code in files.items()})
    workspace.write_stack("dev", "web", render_root_module(wiring, "web", place, {}).encode())
    plan = aws.plan(PreparedStack("web"))
    assert plan.changes
    found = [(each, stray) for each in plan.providers for stray in find_account_mismatches(each, HOME)]
    return [f"{name_configuration(each)} {stray.why}" for each, stray in found]


TOPIC = 'resource "aws_sns_topic" "a" {\n  name = "a"\n}\n'
SILENT = "does not name its account"
FAR = 'resource "aws_sns_topic" "far" {\n  provider = aws.far\n  name = "far"\n}\n'


def alias(*lines: str) -> str:
    said = "\n  ".join(('alias = "far"', 'region = "us-east-1"', *lines))
    return f'provider "aws" {{\n  {said}\n}}\n{FAR}'


AMAZON = (
    'terraform {\n  required_providers {\n    amazon = { source = "hashicorp/aws" }\n  }\n}\n'
    'provider "amazon" {\n  alias = "far"\n  region = "us-east-1"\n}\n'
    'resource "aws_sns_topic" "far" {\n  provider = amazon.far\n  name = "far"\n}\n'
)
CALL = 'module "n" {\n  source = "../n"\n}\n'
HANDED = 'module "n" {\n  source = "../n"\n  providers = {\n    aws = aws.far\n  }\n}\n'

DYNAMIC = f'''dynamic "assume_role" {{
    for_each = [1]
    content {{
      role_arn = "{FOREIGN}"
    }}
  }}'''
UNKNOWN = "provider aws.far in module.web has an expression for its allowed_account_ids: its account is unknown"
FAR_IS_SILENT = [f"provider aws.far in module.web {SILENT}"]
NO_ROLE = [f"provider aws {SILENT}", f"provider aws takes no role; expected {ROLE}"]


def role(arn: str) -> str:
    return f'assume_role {{\n    role_arn = "{arn}"\n  }}'


def web(code: str, **others: str) -> dict[str, str]:
    return {f"{name}/main.tf": text for name, text in {"web": code, **others}.items()}


CASES: dict[str, tuple[dict[str, str], dict[str, object], list[str]]] = {
    "what is rendered": (web(TOPIC), {}, []),
    "a module of the module": (web(CALL, n=TOPIC), {}, []),
    "a module that a module without a provider calls": (web(CALL, n=CALL.replace("../n", "../o"), o=TOPIC), {}, []),
    "an alias": (web(alias()), {}, FAR_IS_SILENT),
    "an alias that nothing uses": (web(alias().replace(FAR, TOPIC)), {}, FAR_IS_SILENT),
    "an alias of the account": (web(alias(f'allowed_account_ids = ["{ACCOUNT}"]', role(ROLE))), {}, []),
    "an alias that takes the role": (web(alias(role(ROLE))), {}, []),
    "an alias in another account": (
        web(alias(role(FOREIGN), f'allowed_account_ids = ["{OTHER}"]')),
        {},
        [f"provider aws.far in module.web may act in account {OTHER}"],
    ),
    "an alias with a dynamic role": (web(alias(DYNAMIC)), {}, FAR_IS_SILENT),
    "an alias with an expression": (
        web('locals {\n  a = ["111111111111", "123456789012"]\n}\n' + alias("allowed_account_ids = local.a")),
        {},
        [UNKNOWN],
    ),
    "an alias under another name": (web(AMAZON), {}, [f"provider amazon.far in module.web {SILENT}"]),
    "a block without keys": (web(f'provider "aws" {{}}\n{TOPIC}'), {}, [f"provider aws in module.web {SILENT}"]),
    "an alias that is handed on": (web(alias().replace(FAR, HANDED), n=TOPIC), {}, FAR_IS_SILENT),
    "a table that takes no role and names no account": (
        web(TOPIC),
        {"assume_role": [], "allowed_account_ids": []},
        NO_ROLE,
    ),
    "a table that has an alias": (web(TOPIC), {"alias": "far"}, NO_ROLE),
}


# By day what differs in kind; the others by night.
BY_DAY = ("what is rendered", "a module that a module without a provider calls", "an alias", "a block without keys")


@pytest.mark.terraform
@pytest.mark.parametrize(
    ("files", "table", "told"),
    [pytest.param(*case, marks=() if name in BY_DAY else pytest.mark.night) for name, case in CASES.items()],
    ids=CASES,
)
def test_provider_mismatch_of_a_plan_is(
    aws: Bench, files: dict[str, str], table: dict[str, object], told: list[str]
) -> None:
    assert strays(aws, files, aws.place, {"source": "hashicorp/aws", **table}) == told


@pytest.mark.terraform
@pytest.mark.night
def test_environment_without_a_region_has_no_configuration(aws: Bench) -> None:
    place = replace(aws.place, region=None)
    assert strays(aws, web(TOPIC), place, {"source": "hashicorp/aws"}) == NO_ROLE


AWS = "registry.terraform.io/hashicorp/aws"
ENTRY = {"name": "aws", "full_name": AWS, "expressions": {"allowed_account_ids": {"constant_value": [ACCOUNT]}}}
GONE = {
    "address": "module.web.aws_vpc.a",
    "module_address": "module.web",
    "mode": "managed",
    "type": "aws_vpc",
    "name": "a",
    "provider_name": AWS,
    "change": {"actions": ["delete"]},
}


def named(provider_config: Mapping[str, Any], *, used: str = "", gone: bool = False) -> list[str]:
    resources = [{"mode": "managed", "type": "aws_vpc", "name": "b", "provider_config_key": used}] if used else []
    document = {
        "configuration": {"provider_config": provider_config, "root_module": {"resources": resources}},
        "resource_changes": [GONE] if gone else [],
    }
    return [name_configuration(each) for each in parse_provider_configurations(document)]


def test_unused_provider_requirement_does_not_count() -> None:
    bare = {"name": "aws", "full_name": AWS}
    assert named({"aws": bare}) == []
    assert named({"aws": bare}, used="aws") == ["provider aws"]


def test_resource_removed_from_code_counts_for_every_configuration() -> None:
    bare = {"name": "aws", "full_name": AWS}
    below = {**bare, "module_address": "module.web"}
    assert named({}, gone=True) == ["provider aws"]
    assert named({"aws": bare}, gone=True) == ["provider aws"]
    assert named({"aws": ENTRY, "module.web:aws": below}, gone=True) == ["provider aws", "provider aws in module.web"]
    assert named({"aws": ENTRY}, gone=True) == ["provider aws"]


def test_provider_of_an_action_is_read() -> None:
    document = {
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": AWS}},
            "root_module": {"module_calls": {"web": {"module": {"actions": [{"provider_config_key": "aws"}]}}}},
        }
    }
    assert [each.name for each in parse_provider_configurations(document)] == ["aws"]


def test_provider_key_without_entry_is_still_named() -> None:
    document = {
        "configuration": {
            "root_module": {"resources": [{"type": "aws_vpc", "name": "a", "provider_config_key": "module.a:aws.far"}]}
        }
    }
    assert [name_configuration(each) for each in parse_provider_configurations(document)] == [
        "provider aws.far in module.a"
    ]


def test_other_providers_do_not_count() -> None:
    assert named({"random": {"name": "random", "full_name": "registry.terraform.io/hashicorp/random"}}, used="x") == []
    assert parse_provider_configurations({}) == ()
