"""`envctl validate --settings` on in-memory ports: what is wrong with settings is told, and none of their values."""

import pytest

from envctl.domain.errors import ConfigurationError, Location, UsageError
from envctl.domain.guards import RefusedError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.settings import ValidationResult, validate_project
from tests.catching import catch
from tests.fakes.project_files import WEB
from tests.fakes.world import World
from tests.usecases.steps import edit_project

STAGING, PROD = "environments/staging/terraform.tfvars", "environments/prod/terraform.tfvars"


def check(world: World, environment: str = "") -> ValidationResult:
    return validate_project(world.ports, environment, only_settings=True)


def test_fitting_settings_are_counted(world: World) -> None:
    assert check(world) == ValidationResult(("dev", "staging", "prod"), ("network", "web"), 12)
    assert check(world, "prod") == ValidationResult(("prod",), ("network", "web"), 4)


def test_missing_signing_key_does_not_fail_settings_check(world: World) -> None:
    project = world.tree.content["envctl.toml"].decode()
    key = 'signing_key = "arn:aws:kms:ap-northeast-1:111111111111:alias/prod"'
    world.edit("envctl.toml", project.replace("[environments.prod]", f"[environments.prod]\n{key}"))
    with pytest.raises(ConfigurationError):
        validate_project(world.ports)
    assert check(world).settings == 12


ENDING = ("business = 2 }\n", 'business = 2 }\nexpires = "8h"\n')
UNSAID: dict[str, tuple[tuple[str, ...], str, list[str]]] = {
    "every environment says it": ((), "", []),
    "staging does not": (("approvals = {}\n",), "", ["staging"]),
    "no environment does": (("approvals = {}\n", "approvals = { peer = 1, business = 2 }\n"), "", ["staging", "prod"]),
    "only prod is looked at": (("approvals = {}\n",), "prod", []),
}


@pytest.mark.parametrize(("without", "asked", "named"), UNSAID.values(), ids=UNSAID.keys())
def test_environments_without_written_approvals_are_named(
    world: World, without: tuple[str, ...], asked: str, named: list[str]
) -> None:
    edit_project(world, ENDING)
    text = world.tree.content["envctl.toml"].decode()
    for line in without:
        text = text.replace(line, "")
    world.edit("envctl.toml", text)
    lines = [text[: text.index(f"[environments.{name}.gates]")].count("\n") + 1 for name in named]
    remarks = validate_project(world.ports, asked).remarks
    assert [remark.partition(" has no")[0] for remark in remarks] == [
        f"envctl.toml:{line}: {name}" for line, name in zip(lines, named, strict=True)
    ]
    assert all(f"[environments.{name}.gates] approvals = {{}}" in remarks[at] for at, name in enumerate(named))


@pytest.mark.parametrize(("gate", "warned"), [("business", True), ("peer", False)])
def test_gate_of_reviewers_that_one_review_cannot_open_is_named(world: World, gate: str, warned: bool) -> None:
    edit_project(world, ENDING, ("business = 2 }\n", f'business = 2 }}\nreviewers = "{gate}"\n'))
    line = world.tree.content["envctl.toml"].decode().partition("reviewers")[0].count("\n") + 1
    said = f"envctl.toml:{line}: business needs 2 people, but GitHub starts the job of prod after one review"
    remarks = validate_project(world.ports, "").remarks
    assert [remark.partition(";")[0] for remark in remarks] == ([said] if warned else [])


def test_approvals_without_an_end_are_named(world: World) -> None:
    line = world.tree.content["envctl.toml"].decode().partition("[environments.prod.gates]")[0].count("\n") + 1
    said = f"envctl.toml:{line}: approvals of prod have no end in time"
    (remark,) = validate_project(world.ports, "").remarks
    assert remark == f'{said}; set: [environments.prod.gates] expires = "30d"'
    edit_project(world, ENDING)
    assert validate_project(world.ports, "").remarks == ()


def test_path_of_one_machine_is_named(world: World) -> None:
    edit_project(world, ENDING)
    path = next(each for each in world.tree.content if each.startswith("modules/web/") and each.endswith(".tf"))
    before = world.tree.content[path].decode()
    world.edit(path, f"{before}\nlocals {{\n  here = path.cwd\n}}\n")
    (remark,) = validate_project(world.ports, "").remarks
    assert remark.startswith(f"{path}:{before.count(chr(10)) + 3}: path.cwd is another path on each machine")


def test_settings_check_ignores_approvals(world: World) -> None:
    edit_project(world, ("approvals = {}\n", ""))
    assert check(world).remarks == ()


def test_all_unfit_settings_are_reported_with_their_lines(world: World) -> None:
    world.edit(STAGING, 'cidr = "10.20.0.0/16"\nsise = 2\n')
    world.edit(PROD, 'cidr = "10.30.0.0/16"\nsize = "many"\n')
    raised = catch(ConfigurationError, check, world)
    found = [(problem.code, str(problem.location)) for problem in raised.problems]
    assert found == [("E203", f"{STAGING}:2"), ("E204", f"{PROD}:2")]
    of_one = catch(ConfigurationError, check, world, "prod")
    assert [str(problem.location) for problem in of_one.problems] == [f"{PROD}:2"]


def test_wrong_sensitive_value_is_redacted(world: World) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + 'variable "key" {\n  type = list(string)\n  sensitive = true\n}\n')
    for name in ("dev", "staging"):
        world.edit(f"environments/{name}/terraform.tfvars", f'cidr = "10.0.0.0/16"\nimage = "x:1"\nkey = ["{name}"]\n')
    world.edit(STAGING, 'cidr = "10.0.0.0/16"\nkey = ["s"]\n')
    world.edit(PROD, 'cidr = "10.0.0.0/16"\nkey = "hunter2"\n')
    (problem,) = catch(ConfigurationError, check, world).problems
    assert (problem.code, str(problem.location)) == ("E204", f"{PROD}:2")
    assert "hunter2" not in f"{problem}"


RULE = """variable "nat" {
  type    = string
  default = "none"
  validation {
    condition     = contains(["none", "single"], var.nat)
    error_message = "nat is none or single."
  }
}
"""


def refuse_value_in_staging(world: World) -> None:
    """Add a variable with a rule to the module web, and a value that it refuses to staging."""
    world.edit("modules/web/main.tf", WEB.decode() + RULE)
    world.edit(STAGING, world.tree.content[STAGING].decode() + 'nat = "singel"\n')


def test_value_refused_by_module_is_reported_with_its_line(world: World) -> None:
    refuse_value_in_staging(world)
    (problem,) = catch(ConfigurationError, check, world).problems
    rule = f"modules/web/main.tf:{WEB.decode().count(chr(10)) + 4}"
    assert (problem.code, problem.location) == ("E216", Location(STAGING, world.tree.content[STAGING].count(b"\n")))
    assert problem.hint == f'did you mean "single"? (the rule is at {rule})'
    assert check(world, "dev").environments == ("dev",)


def test_refused_artifact_is_reported_once(world: World) -> None:
    rule = RULE.replace("nat", "image")
    world.edit("modules/web/main.tf", WEB.decode().replace('variable "image" { type = string }\n', rule))
    (problem,) = catch(ConfigurationError, check, world).problems
    assert (problem.code, problem.location) == ("E216", Location("environments/dev/terraform.tfvars", 2))


def test_same_refused_value_is_reported_at_each_line(world: World) -> None:
    refuse_value_in_staging(world)
    world.edit(PROD, world.tree.content[PROD].decode() + 'nat = "singel"\n')
    problems = catch(ConfigurationError, check, world).problems
    assert [problem.location.file for problem in problems if problem.location] == [STAGING, PROD]


def test_value_refused_by_module_stops_plan_and_promotion(world: World) -> None:
    refuse_value_in_staging(world)
    apply(world.ports, "dev")
    before = len(world.terraform.calls)
    raised = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert "E216" in [problem.code for problem in raised.problems]
    assert len(world.terraform.calls) == before


def test_unread_settings_files_are_reported(world: World) -> None:
    unread = ("environments/prd/terraform.tfvars", "environments/prod/more.auto.tfvars")
    for path in (*unread, "environments/prod/README.md"):
        world.edit(path, "size = 7\n")
    assert check(world).unread == unread


def test_unknown_environment_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="E002"):
        check(world, "prd")


def test_mistakes_of_a_backend_are_reported_at_their_line(world: World) -> None:
    world.terraform.backend_mistakes = {"encrypt": "a bool is required"}
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", f'{text}[state]\nbackend = "s3"\n')
    validate_project(world.ports)
    world.edit("envctl.toml", f'{text}[state]\nbackend = "s3"\nencrypt = "maybe"\n')
    assert check(world).settings == 12
    with pytest.raises(ConfigurationError) as raised:
        validate_project(world.ports)
    (problem,) = raised.value.problems
    assert (problem.code, problem.location) == ("E165", Location("envctl.toml", text.count("\n") + 3))
    assert "refuses encrypt: a bool is required" in problem.message
