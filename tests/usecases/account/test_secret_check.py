"""Secrets of environments: which release asks for them, whether they are there, and how they get a value."""

import pytest

from envctl.domain.aws.secret_status import KIB, SecretValue
from envctl.domain.errors import (
    ConfigurationError,
    EnvctlError,
    ExitCode,
    InterruptedByUserError,
    OperationFailedError,
    UsageError,
)
from envctl.domain.guards import RefusedError
from envctl.usecases.account.secret_check import check_secrets, find_secrets, list_secrets
from envctl.usecases.account.secret_set import SecretSet, set_secret
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from envctl.usecases.project import load, working_tree
from tests.fakes.world import PROJECT, WEB, World

PATTERNS = '\n[secrets]\nsecretsmanager = ["*_secret_name"]\nssm = ["*_parameter"]\n'
ASKING = """
variable "db_secret_name" { type = string }
variable "key_parameter" {
  type    = string
  default = null
}
"""
DB, KEY = ("prod", "shop/db"), ("prod", "/shop/key")


def project(account: str = "") -> World:
    world = World()
    accounts = f'account_id = "{account}"\n' if account else ""
    text = PROJECT.decode().replace("[environments.prod]\n", f"[environments.prod]\n{accounts}") + PATTERNS
    world.edit("envctl.toml", text)
    world.edit("modules/web/main.tf", WEB.decode() + ASKING)
    world.edit("environments/common.tfvars", 'size = 1\ndb_secret_name = "shop/db"\n')
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\nkey_parameter = "/shop/key"\n')
    return world


def deployed(*more: tuple[str, str]) -> World:
    """dev and staging have what they need, and run the same release."""
    world = project()
    world.secrets.held |= dict.fromkeys([("dev", "shop/db"), ("staging", "shop/db"), *more], b"x")
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    return world


def value(data: bytes = b"planted") -> SecretValue:
    return SecretValue(data)


def never() -> SecretValue:
    raise AssertionError("nobody should have been asked for a value")


def codes(error: EnvctlError | None) -> list[str]:
    return [problem.code for problem in error.problems] if error else []


def test_what_settings_ask_for_is_told_with_whether_it_is_there() -> None:
    world = project()
    world.secrets.held[DB] = b"x"
    told, error = list_secrets(world.ports, "prod")
    assert [(each.secret.name, each.secret.asked_by, each.state) for each in told.secrets] == [
        ("shop/db", ("web.db_secret_name",), "there"),
        ("/shop/key", ("web.key_parameter",), "absent"),
    ]
    assert (told.release, told.account_id, told.missing) == ("", "111111111111", 1)
    # What is missing is no failure of a list.
    assert error is None


def test_a_list_fails_where_nobody_can_tell() -> None:
    world = project()
    world.secrets.otherwise[DB] = "unknown"
    told, error = list_secrets(world.ports, "prod")
    assert codes(error) == ["E441"]
    assert [each.state for each in told.secrets] == ["unknown", "absent"]


def test_aws_is_not_asked_where_no_secret_is_asked_for() -> None:
    world = project()
    world.edit("environments/common.tfvars", 'size = 1\ndb_secret_name = ""\n')
    told, error = check_secrets(world.ports, ["dev"])
    assert error is None
    assert told.environments[0].secrets == ()
    assert world.access.asked == []
    assert world.secrets.looked == []


def test_a_check_tells_all_that_is_missing_with_the_command_for_each() -> None:
    world = project()
    world.secrets.held |= {("dev", "shop/db"): b"x", DB: b"x"}
    world.secrets.otherwise[DB] = "deleting"
    told, error = check_secrets(world.ports)
    assert [(each.environment, each.missing) for each in told.environments] == [("dev", 0), ("staging", 1), ("prod", 2)]
    assert error is not None
    assert error.exit_code == ExitCode.FAILED
    assert [(problem.code, problem.hint) for problem in error.problems] == [
        ("E440", "envctl secrets set staging shop/db"),
        ("E440", "aws secretsmanager restore-secret --secret-id shop/db"),
        ("E440", "envctl secrets set prod /shop/key"),
    ]


def test_a_check_of_what_is_all_there_is_silent() -> None:
    world = project()
    world.secrets.held |= {DB: b"x", KEY: b"x"}
    told, error = check_secrets(world.ports, ["prod", "prod"])
    assert error is None
    assert [each.environment for each in told.environments] == ["prod"]


def test_an_environment_that_can_not_be_got_into_hides_no_other() -> None:
    world = project()
    world.access.refused.add("staging")
    world.edit("environments/prod/terraform.tfvars", "size = [\n")
    told, error = check_secrets(world.ports)
    assert [each.environment for each in told.environments] == ["dev"]
    assert told.failed == ("staging", "prod")
    assert codes(error) == ["E440", "E413", "E201"]
    assert error is not None
    assert error.exit_code == ExitCode.CONFIGURATION


def test_another_account_than_the_environments_is_refused() -> None:
    world = project(account="333333333333")
    for act in (lambda: list_secrets(world.ports, "prod"), lambda: set_secret(world.ports, "prod", "shop/db", never)):
        with pytest.raises(OperationFailedError, match="E445") as raised:
            act()
        assert "is in account 333333333333" in str(raised.value)
    assert world.secrets.looked == []


def test_a_secret_of_another_account_is_not_looked_for() -> None:
    world = project()
    arn = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:shared/db-a1B2c3"
    world.edit("environments/prod/terraform.tfvars", f'cidr = "10.30.0.0/16"\ndb_secret_name = "{arn}"\n')
    told, error = check_secrets(world.ports, ["prod"])
    assert error is None
    (only,) = told.environments[0].secrets
    assert only.state == "elsewhere"
    assert "999999999999" in only.remark
    with pytest.raises(OperationFailedError, match="E445"):
        set_secret(world.ports, "prod", "shared/db", never)


def test_the_release_that_comes_next_says_what_is_asked_for() -> None:
    world = deployed(("dev", "shop/new"))
    runs = load_status(world.ports).environments[1].present.current
    assert runs is not None
    later = 'variable "new_secret_name" {\n  type    = string\n  default = "shop/new"\n}\n'
    world.edit("modules/web/main.tf", WEB.decode() + ASKING + later)
    # prod gets what staging has, and that does not know the new one.
    prod, _ = list_secrets(world.ports, "prod")
    assert prod.release == runs.release
    assert [each.secret.name for each in prod.secrets] == ["shop/db", "/shop/key"]
    dev, _ = list_secrets(world.ports, "dev")
    assert dev.release == ""
    assert [each.secret.name for each in dev.secrets] == ["shop/db", "shop/new"]
    newer = apply(world.ports, "dev").release
    staging, _ = list_secrets(world.ports, "staging")
    assert staging.release == newer


def test_settings_that_fit_the_working_tree_alone_are_read_with_it() -> None:
    world = deployed()
    world.edit("modules/web/main.tf", WEB.decode() + ASKING + 'variable "new_secret_name" { type = string }\n')
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\nnew_secret_name = "shop/new"\n')
    told, _ = list_secrets(world.ports, "prod")
    assert told.release == ""
    assert [each.secret.name for each in told.secrets] == ["shop/db", "shop/new"]


def test_settings_that_fit_nothing_are_told_as_of_the_release_that_comes() -> None:
    world = deployed()
    world.edit("environments/staging/terraform.tfvars", 'cidr = "10.20.0.0/16"\nsise = 2\n')
    with pytest.raises(ConfigurationError, match="E203"):
        list_secrets(world.ports, "staging")


def test_the_project_is_not_valid_where_a_pattern_finds_nothing() -> None:
    world = project()
    world.edit("envctl.toml", PROJECT.decode() + PATTERNS.replace("*_parameter", "key_parametr"))
    with pytest.raises(ConfigurationError) as raised:
        validate_project(world.ports)
    (problem,) = raised.value.problems
    assert (problem.code, problem.hint) == ("E442", "did you mean key_parameter?")
    assert str(problem.location) == "envctl.toml:29"


def test_a_value_where_a_name_belongs_is_not_sent_anywhere() -> None:
    world = project()
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\ndb_secret_name = "planted p@ss"\n')
    for act in (lambda: list_secrets(world.ports, "prod"), lambda: validate_project(world.ports)):
        with pytest.raises(ConfigurationError, match="E444") as raised:
            act()
        assert "planted" not in str(raised.value)
        assert str(raised.value.problems[0].location) == "environments/prod/terraform.tfvars:2"
    assert world.secrets.looked == []


def test_what_a_deployment_is_about_is_looked_at() -> None:
    world = project()
    project_ = load.load_project(world.ports)
    wiring = working_tree.build_release(world.ports, project_).wiring
    settings = load.load_settings(world.ports, project_, "prod", wiring)
    seen = find_secrets(world.ports, project_, "prod", settings, wiring.schema)
    assert [(each.secret.id, each.missing) for each in seen] == [("shop/db", True), ("/shop/key", True)]
    assert world.secrets.looked == [("prod", ("shop/db", "/shop/key"))]


def test_a_secret_is_created_with_tags_and_then_gets_new_versions() -> None:
    world = project()
    done = set_secret(world.ports, "prod", "shop/db", value, kms_key="alias/shop")
    assert done == SecretSet(
        "prod", "111111111111", "secretsmanager", "shop/db", True, False, "envctl secrets check prod"
    )
    tags = {"project": "shop", "environment": "prod", "managed_by": "envctl"}
    assert world.secrets.created == {DB: (tags, "alias/shop")}
    again = set_secret(world.ports, "prod", "shop/db", lambda: value(b"other"))
    assert not again.created
    assert world.secrets.held == {DB: b"other"}
    assert [(each.environment, each.account_id, each.creates) for each in world.prompter.changes] == [
        ("prod", "111111111111", True),
        ("prod", "111111111111", False),
    ]
    assert world.store.content == {}


def test_who_says_no_is_not_asked_for_a_value() -> None:
    world = project()
    world.prompter.answers = [False]
    with pytest.raises(InterruptedByUserError, match="E310"):
        set_secret(world.ports, "prod", "shop/db", never)
    assert world.secrets.held == {}


def test_without_anybody_to_ask_nothing_is_written() -> None:
    world = project()
    world.prompter.nobody = True
    with pytest.raises(UsageError, match="E001"):
        set_secret(world.ports, "prod", "shop/db", never)


NOT_ASKED_FOR = {
    "a name that is nearly one": ("shop/bd", {}, "did you mean shop/db?"),
    "a name that is nothing like one": ("completely-else", {}, "envctl secrets list prod"),
    "a name of the other kind": ("shop/db", {"kind": "ssm"}, "did you mean shop/db?"),
    "a wish without a place": ("other", {"unasked": True}, "--in secretsmanager or --in ssm"),
    "a wish for what is no name": ("p@ss w0rd", {"unasked": True, "kind": "ssm"}, "can be in one"),
}


@pytest.mark.parametrize(("name", "more", "hint"), NOT_ASKED_FOR.values(), ids=NOT_ASKED_FOR)
def test_not_set_is(name: str, more: dict[str, object], hint: str) -> None:
    world = project()
    with pytest.raises(UsageError, match="E446") as raised:
        set_secret(world.ports, "prod", name, never, **more)  # type: ignore[arg-type]
    assert hint in raised.value.problems[0].hint


def test_what_no_setting_asks_for_is_set_where_that_is_meant() -> None:
    world = project()
    done = set_secret(world.ports, "prod", "/shop/later", value, kind="ssm", unasked=True)
    assert (done.kind, done.created, done.next) == ("ssm", True, "")
    assert world.secrets.held == {("prod", "/shop/later"): b"planted"}


def test_one_name_in_two_places_needs_to_be_told_apart() -> None:
    world = project()
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\nkey_parameter = "shop"\n')
    world.edit("environments/common.tfvars", 'size = 1\ndb_secret_name = "shop"\n')
    with pytest.raises(UsageError, match="E446") as raised:
        set_secret(world.ports, "prod", "shop", never)
    assert "--in secretsmanager" in raised.value.problems[0].hint
    assert set_secret(world.ports, "prod", "shop", value, kind="ssm").kind == "ssm"


def test_the_new_one_behind_an_arn_has_another() -> None:
    world = project()
    arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop/db-a1B2c3"
    world.edit("environments/prod/terraform.tfvars", f'cidr = "10.30.0.0/16"\ndb_secret_name = "{arn}"\n')
    for name in (arn, "shop/db"):
        world.secrets.held.clear()
        assert set_secret(world.ports, "prod", name, value).arn_differs


UNFIT = {
    "nothing": ("shop/db", b""),
    "an empty line": ("shop/db", b" \n"),
    "too much for Secrets Manager": ("shop/db", b"x" * (64 * KIB + 1)),
    "too much for the Parameter Store": ("/shop/key", b"x" * (8 * KIB + 1)),
    "bytes for the Parameter Store": ("/shop/key", b"\xff\xfe"),
}


@pytest.mark.parametrize(("name", "data"), UNFIT.values(), ids=UNFIT)
def test_no_value_is(name: str, data: bytes) -> None:
    world = project()
    with pytest.raises(UsageError, match="E447"):
        set_secret(world.ports, "prod", name, lambda: value(data))
    assert world.secrets.held == {}


@pytest.mark.parametrize("name", ["shop/db", "/shop/key"])
def test_the_longest_value_is_taken(name: str) -> None:
    world = project()
    most = b"x" * (64 if name == "shop/db" else 8) * KIB
    set_secret(world.ports, "prod", name, lambda: value(most))
    assert world.secrets.held["prod", name] == most


def test_what_waits_for_its_deletion_is_not_written_over() -> None:
    world = project()
    world.secrets.held[DB] = b"x"
    world.secrets.otherwise[DB] = "deleting"
    with pytest.raises(OperationFailedError, match="E440"):
        set_secret(world.ports, "prod", "shop/db", never)
    world.secrets.otherwise[DB] = "unknown"
    with pytest.raises(OperationFailedError, match="E441"):
        set_secret(world.ports, "prod", "shop/db", never)


def test_a_parameter_of_another_type_is_left_alone() -> None:
    world = project()
    world.secrets.held[KEY], world.secrets.types["/shop/key"] = b"x", "String"
    with pytest.raises(OperationFailedError, match="E448") as raised:
        set_secret(world.ports, "prod", "/shop/key", never)
    assert raised.value.problems[0].hint == "take it away first: aws ssm delete-parameter --name /shop/key"


def test_a_value_is_seen_nowhere() -> None:
    held = value(b"planted-secret")
    assert "planted" not in repr(held) + str(held) + f"{held}"


def test_a_deployment_is_refused_before_terraform_does_anything_where_secrets_are_missing() -> None:
    world = project()
    world.secrets.held[("dev", "shop/db")] = b"x"
    apply(world.ports, "dev")
    world.terraform.calls.clear()
    with pytest.raises(RefusedError) as raised:
        promote(world.ports, "dev", "staging")
    told = [(problem.code, problem.hint) for problem in raised.value.problems]
    assert told[0][0] == "G202"
    assert told[1:] == [("E440", "envctl secrets set staging shop/db")]
    assert world.terraform.calls == []
    world.secrets.held[("staging", "shop/db")] = b"x"
    assert promote(world.ports, "dev", "staging").deployment


def test_why_says_what_is_missing_once_it_may_look() -> None:
    world = project(account="333333333333")
    world.access.accounts["prod"] = "333333333333"
    world.secrets.held |= dict.fromkeys([("dev", "shop/db"), ("staging", "shop/db")], b"x")
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    for planned, outcome in ((False, "unplanned"), (True, "refuses")):
        answers = {
            answer.code: answer.outcome for answer in explain_refusal(world.ports, "prod", planned=planned).answers
        }
        assert answers["G202"] == outcome
    world.secrets.held |= dict.fromkeys([DB, KEY], b"x")
    answers = {answer.code: answer.outcome for answer in explain_refusal(world.ports, "prod", planned=True).answers}
    assert answers["G202"] == "passes"
