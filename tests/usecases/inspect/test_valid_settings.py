"""`envctl validate --settings` on in-memory ports: what is wrong with settings is told, and none of their values."""

import pytest

from envctl.domain.errors import ConfigurationError, UsageError
from envctl.usecases.inspect.settings import Valid, validate_project
from tests.fakes.world import WEB, World

STAGING, PROD = "environments/staging/terraform.tfvars", "environments/prod/terraform.tfvars"


def check(world: World, environment: str = "") -> Valid:
    return validate_project(world.ports, environment, only_settings=True)


@pytest.fixture
def world() -> World:
    return World()


def test_settings_that_fit_are_counted(world: World) -> None:
    assert check(world) == Valid(("dev", "staging", "prod"), ("network", "web"), 12)
    assert check(world, "prod") == Valid(("prod",), ("network", "web"), 4)


def test_a_key_that_is_missing_is_no_fault_of_the_settings(world: World) -> None:
    project = world.tree.content["envctl.toml"].decode()
    key = 'signing_key = "arn:aws:kms:ap-northeast-1:111111111111:alias/prod"'
    world.edit("envctl.toml", project.replace("[environments.prod]", f"[environments.prod]\n{key}"))
    with pytest.raises(ConfigurationError):
        validate_project(world.ports)
    assert check(world).settings == 12


UNSAID: dict[str, tuple[tuple[str, ...], str, list[str]]] = {
    "every environment says it": ((), "", []),
    "staging does not": (("approvals = {}\n",), "", ["staging"]),
    "no environment does": (("approvals = {}\n", "approvals = { peer = 1, business = 2 }\n"), "", ["staging", "prod"]),
    "only prod is looked at": (("approvals = {}\n",), "prod", []),
}


@pytest.mark.parametrize(("without", "asked", "named"), UNSAID.values(), ids=UNSAID.keys())
def test_environments_that_say_nothing_about_approvals_are_named(
    world: World, without: tuple[str, ...], asked: str, named: list[str]
) -> None:
    text = world.tree.content["envctl.toml"].decode()
    for line in without:
        text = text.replace(line, "")
    world.edit("envctl.toml", text)
    lines = [text[: text.index(f"[environments.{name}.gates]")].count("\n") + 1 for name in named]
    remarks = validate_project(world.ports, asked).remarks
    assert [remark.partition(" says")[0] for remark in remarks] == [
        f"envctl.toml:{line}: {name}" for line, name in zip(lines, named, strict=True)
    ]
    assert all(f"[environments.{name}.gates] approvals = {{}}" in remarks[at] for at, name in enumerate(named))


def test_approvals_are_no_matter_of_settings_alone(world: World) -> None:
    world.edit("envctl.toml", world.tree.content["envctl.toml"].decode().replace("approvals = {}\n", ""))
    assert check(world).remarks == ()


def test_what_is_wrong_in_any_environment_is_told_at_once_with_its_line(world: World) -> None:
    world.edit(STAGING, 'cidr = "10.20.0.0/16"\nsise = 2\n')
    world.edit(PROD, 'cidr = "10.30.0.0/16"\nsize = "many"\n')
    with pytest.raises(ConfigurationError) as raised:
        check(world)
    found = [(problem.code, str(problem.location)) for problem in raised.value.problems]
    assert found == [("E203", f"{STAGING}:2"), ("E204", f"{PROD}:2")]
    with pytest.raises(ConfigurationError) as of_one:
        check(world, "prod")
    assert [str(problem.location) for problem in of_one.value.problems] == [f"{PROD}:2"]


def test_a_value_that_is_sensitive_is_not_told_where_it_is_wrong(world: World) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + 'variable "key" {\n  type = list(string)\n  sensitive = true\n}\n')
    for name in ("dev", "staging"):
        world.edit(f"environments/{name}/terraform.tfvars", f'cidr = "10.0.0.0/16"\nimage = "x:1"\nkey = ["{name}"]\n')
    world.edit(STAGING, 'cidr = "10.0.0.0/16"\nkey = ["s"]\n')
    world.edit(PROD, 'cidr = "10.0.0.0/16"\nkey = "hunter2"\n')
    with pytest.raises(ConfigurationError) as raised:
        check(world)
    (problem,) = raised.value.problems
    assert (problem.code, str(problem.location)) == ("E204", f"{PROD}:2")
    assert "hunter2" not in f"{problem}"


def test_files_that_nobody_reads_are_told(world: World) -> None:
    unread = ("environments/prd/terraform.tfvars", "environments/prod/more.auto.tfvars")
    for path in (*unread, "environments/prod/README.md"):
        world.edit(path, "size = 7\n")
    assert check(world).unread == unread


def test_an_environment_that_does_not_exist_is_no_success(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        check(world, "prd")
