"""Providers act in the account of their environment: refused in the working tree, in a release, and in a plan."""

import pytest

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.project_files import NETWORK, PROJECT
from tests.fakes.world import World
from tests.usecases.account.test_account_check import ACCOUNTS, on_aws
from tests.usecases.steps import deploy_to_staging

OTHER = "999999999999"
ALIAS = '\nprovider "aws" {\n  alias  = "us_east_1"\n  region = "us-east-1"\n}\n'
SILENT = ProviderConfiguration(name="aws.us_east_1", kind="aws", module="module.network")
FOREIGN = ProviderConfiguration(name="aws.far", kind="aws", module="module.network", allowed=(OTHER,))
STATE = '\ndata "terraform_remote_state" "a" {\n  backend = "s3"\n  config  = { bucket = "b" }\n}\n'


@pytest.fixture
def world() -> World:
    world = World()
    on_aws(world)
    return world


def problems(world: World) -> list[Problem]:
    return list(catch(ConfigurationError, validate_project, world.ports).problems)


def told(world: World) -> list[str]:
    return [f"{each.code} {each.location}: {each.message}" for each in problems(world)]


def add(world: World, code: str, file: str = "modules/network/main.tf") -> None:
    world.edit(file, NETWORK.decode() + code if file.endswith("network/main.tf") else code)


def table(world: World, *lines: str) -> None:
    world.edit("envctl.toml", world.tree.content["envctl.toml"].decode() + "\n[providers.aws]\n" + "\n".join(lines))


def last_line(world: World) -> int:
    return len(world.tree.content["envctl.toml"].decode().splitlines())


def test_provider_block_in_module_is_refused_with_line(world: World) -> None:
    assert validate_project(world.ports)
    add(world, ALIAS)
    line = NETWORK.decode().count("\n") + 2
    why = "provider aws.us_east_1 in the module does not name its account (G203 of dev, staging and prod)"
    assert told(world) == [f"E213 modules/network/main.tf:{line}: {why}"]
    for use in (
        lambda: apply(world.ports, "dev"),
        lambda: plan_environment(world.ports, "dev"),
        lambda: preview_environments(world.ports),
    ):
        with pytest.raises(ConfigurationError, match="E213"):
            use()
    assert world.terraform.calls == []


def test_provider_block_is_compared_with_every_environment(world: World) -> None:
    add(world, ALIAS.replace("region =", f'allowed_account_ids = ["{ACCOUNTS["dev"]}"]\n  region ='))
    (problem,) = problems(world)
    assert problem.message.endswith("may act in account 111111111111 (G203 of staging and prod)")
    assert problem.hint.startswith('if intended, write other_accounts = ["111111111111"] in [environments.staging]')


def test_provider_of_an_allowed_other_account_passes(world: World) -> None:
    add(world, ALIAS.replace("region =", f'allowed_account_ids = ["{OTHER}"]\n  region ='))
    assert [each.code for each in problems(world)] == ["E213"]
    on_aws(world, **dict.fromkeys(ACCOUNTS, f'other_accounts = ["{OTHER}"]\n'))
    assert validate_project(world.ports)
    world.terraform.configurations["dev", "network"] = (FOREIGN,)
    apply(world.ports, "dev")


def test_project_without_accounts_passes() -> None:
    world = World()
    add(world, ALIAS + STATE)
    assert validate_project(world.ports)
    world.terraform.configurations["dev", "network"] = (SILENT, FOREIGN)
    apply(world.ports, "dev")


TABLES: dict[str, tuple[str, str, str]] = {
    "no role": ("assume_role = []", "E133", "provider aws takes no role; expected "),
    "no account": ("allowed_account_ids = []", "E133", "provider aws allows no account; expected"),
    "another account": (f'allowed_account_ids = ["{OTHER}"]', "E133", f"provider aws may act in account {OTHER}"),
    "endpoints": ('endpoints = [{ sts = "http://127.0.0.1" }]', "E133", "provider aws sends requests to 127.0.0.1"),
    "an alias": ('alias = "far"', "E134", "providers.aws.alias: the name of a table says which configuration it is"),
    "a typo": ('regoin = "eu-west-1"', "E132", "providers.aws.regoin is not a key that the AWS provider knows"),
}


@pytest.mark.parametrize(("text", "code", "message"), TABLES.values(), ids=TABLES)
def test_faulty_provider_table_is_refused_with_its_line(world: World, text: str, code: str, message: str) -> None:
    table(world, "max_retries = 5", text)
    found = problems(world)
    assert {each.code for each in found} == {code} if code != "E134" else code in {each.code for each in found}
    first = next(each for each in found if each.code == code)
    assert first.message.startswith(message)
    assert str(first.location) == f"envctl.toml:{last_line(world)}"
    with pytest.raises(ConfigurationError, match=code):
        apply(world.ports, "dev")


def test_provider_table_without_account_change_passes(world: World) -> None:
    table(world, "max_retries = 5", 'profile = "mine"')
    assert validate_project(world.ports)


def test_other_accounts_need_an_account() -> None:
    world = World()
    world.edit(
        "envctl.toml",
        PROJECT.decode().replace("[environments.dev]", f'[environments.dev]\nother_accounts = ["{OTHER}"]'),
    )
    (found,) = told(world)
    assert found.startswith("E135 envctl.toml:")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (STATE, "data.terraform_remote_state.a reads the backend s3 with the credentials of the envctl user"),
        (STATE.replace('"s3"', '"http"'), "data.terraform_remote_state.a reads the backend http with the credentials"),
        (STATE.replace('"s3"', "var.cidr"), "data.terraform_remote_state.a reads a backend from an expression"),
    ],
)
def test_remote_state_of_the_caller_is_refused(world: World, code: str, message: str) -> None:
    add(world, code)
    (problem,) = problems(world)
    assert (problem.code, problem.message[: len(message)]) == ("E214", message)
    assert "[stacks.STACK] inputs" in problem.hint


def test_remote_state_with_a_role_passes(world: World) -> None:
    add(world, STATE.replace('bucket = "b"', 'role_arn = "arn:aws:iam::999999999999:role/reader"'))
    assert validate_project(world.ports)


@pytest.mark.parametrize("kind", ['backend "s3"', "cloud"])
def test_block_ignored_by_terraform_is_refused(kind: str) -> None:
    world = World()
    add(world, f"\nterraform {{\n  {kind} {{\n  }}\n}}\n")
    (problem,) = problems(world)
    assert problem.code == "E215"
    assert problem.message.startswith(f"Terraform ignores a {kind.split(' ', maxsplit=1)[0]} block in a module")


def refused(world: World, code: str = "G203") -> str:
    with pytest.raises(RefusedError, match=code) as raised:
        promote(world.ports, "dev", "staging")
    return raised.value.problems[0].message


def test_providers_of_the_plan_are_checked_before_apply(world: World) -> None:
    world.terraform.configurations["dev", "network"] = (SILENT,)
    with pytest.raises(RefusedError, match="G203"):
        apply(world.ports, "dev")
    assert not [step for step in world.terraform.calls if step[0] == "apply"]
    del world.terraform.configurations["dev", "network"]
    apply(world.ports, "dev")
    world.terraform.configurations["staging", "network"] = (FOREIGN,)
    assert f"may act in account {OTHER}; staging is account {ACCOUNTS['staging']}" in refused(world)
    with pytest.raises(RefusedError, match="it can't be waived"):
        promote(world.ports, "dev", "staging", DeployOptions(break_glass="it burns"))


def test_providers_of_replanned_stack_are_checked_again(world: World) -> None:
    world.terraform.configurations["dev", "web"] = (SILENT,)
    with pytest.raises(RefusedError, match="web: provider"):
        apply(world.ports, "dev")
    applied = [stack for step, _, stack in world.terraform.calls if step == "apply"]
    assert applied == ["network"]


def test_approver_is_told_of_wrong_provider(world: World) -> None:
    deploy_to_staging(world)
    world.terraform.configurations["prod", "network"] = (SILENT,)
    world.identity.name = "bob@example.com"
    notes = approve_plan(world.ports, "prod", "peer").notes
    assert any(note.startswith("G203 account: network: provider aws.us_east_1") for note in notes)


def test_providers_of_stored_release_are_checked(world: World) -> None:
    """It was made where the environments had no account yet."""
    accounts = world.tree.content["envctl.toml"]
    world.tree.content["envctl.toml"] = PROJECT
    add(world, ALIAS + STATE)
    apply(world.ports, "dev")
    world.tree.content["envctl.toml"] = accounts
    raised = catch(ConfigurationError, promote, world.ports, "dev", "staging")
    assert [each.code for each in raised.problems] == ["E213", "E214"]
    assert all(each.hint.endswith("then make a new release: envctl apply dev") for each in raised.problems)
    assert all(each.message.startswith("release ") for each in raised.problems)
    release = next(iter(journal.load(world.ports).releases))
    shown = preview_environments(world.ports, ["staging"], release=release)
    assert [each.code for each in shown.problems] == ["E213", "E214"]


def stack_table(world: World, *lines: str) -> None:
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", f"{text}\n[stacks.network.providers]\n" + "\n".join(lines))


def require_aliases(world: World, *names: str, source: str = "hashicorp/aws") -> None:
    entry = f'{{ source = "{source}", configuration_aliases = [{", ".join(names)}] }}'
    add(world, f"\nterraform {{\n  required_providers {{\n    aws = {entry}\n  }}\n}}\n")


def test_missing_alias_is_refused_with_the_table_to_add(world: World) -> None:
    require_aliases(world, "aws.us_east_1", "aws.eu_west_1")
    (problem,) = problems(world)
    assert (problem.code, problem.location and problem.location.file) == ("E180", "envctl.toml")
    assert problem.message == (
        "stack network: modules/network needs the provider configurations aws.eu_west_1 and aws.us_east_1"
    )
    assert '"aws.us_east_1" = { region = "us-east-1" }' in problem.hint
    stack_table(world, '"aws.us_east_1" = { region = "us-east-1" }', '"aws.eu_west_1" = { region = "eu-west-1" }')
    assert validate_project(world.ports)


def test_unknown_alias_is_refused_with_its_line(world: World) -> None:
    require_aliases(world, "aws.us_east_1")
    stack_table(world, '"aws.us_east_1" = { region = "us-east-1" }', '"aws.us_esat_1" = {}')
    (line,) = told(world)
    assert line.startswith(
        f"E182 envctl.toml:{last_line(world)}: stack network: the provider configuration aws.us_esat_1"
    )
    assert line.endswith("is given, but modules/network does not list it in configuration_aliases")


def test_provider_of_another_source_is_refused(world: World) -> None:
    require_aliases(world, "aws.us", source="acme/aws")
    stack_table(world, '"aws.us" = { region = "us-east-1" }')
    (problem,) = problems(world)
    assert (problem.code, problem.hint) == ("E184", 'write source = "acme/aws" in [providers.aws]')


ALIASES = {
    "no role": ("assume_role = []", "E133", "provider aws.us takes no role; expected "),
    "another account": (
        f'assume_role = {{ role_arn = "arn:aws:iam::{OTHER}:role/x" }}',
        "E133",
        f"provider aws.us may act in account {OTHER}",
    ),
    "a typo": ('regoin = "eu-west-1"', "E132", "stacks.network.providers.aws.us.regoin is not a key"),
    "a secret": ('secret_key = "x"', "E185", "stacks.network.providers.aws.us.secret_key holds a secret"),
    "a region": ('region = "us-eest-1"', "E136", 'stacks.network.providers.aws.us.region = "us-eest-1" is not'),
}


@pytest.mark.parametrize(("text", "code", "message"), ALIASES.values(), ids=ALIASES)
def test_faulty_alias_is_refused_with_its_line(world: World, text: str, code: str, message: str) -> None:
    require_aliases(world, "aws.us")
    stack_table(world, f'"aws.us" = {{ {text} }}')
    found = problems(world)
    assert {each.code for each in found} == {code}
    assert found[0].message.startswith(message)
    assert str(found[0].location) == f"envctl.toml:{last_line(world)}"


def test_alias_of_an_allowed_account_passes(world: World) -> None:
    on_aws(world, **dict.fromkeys(ACCOUNTS, f'other_accounts = ["{OTHER}"]\n'))
    require_aliases(world, "aws.us")
    stack_table(world, f'"aws.us" = {{ assume_role = {{ role_arn = "arn:aws:iam::{OTHER}:role/x" }} }}')
    assert validate_project(world.ports)


def test_every_stack_of_every_environment_is_checked(world: World) -> None:
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", f'{text}\n[environments.prod.providers.aws]\nallowed_account_ids = ["{OTHER}"]\n')
    (problem,) = problems(world)
    assert problem.message == f"provider aws may act in account {OTHER} (G203 of prod)"
    assert str(problem.location) == f"envctl.toml:{last_line(world)}"
