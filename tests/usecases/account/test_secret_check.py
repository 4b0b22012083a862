"""Secrets of environments: which release asks for them, whether they are there, and how they get a value."""

import pytest

from envctl.domain.aws.secret_status import KIB, SecretValue
from envctl.domain.errors import (
    ConfigurationError,
    EnvctlError,
    InterruptedByUserError,
    OperationFailedError,
    UsageError,
)
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards import RefusedError
from envctl.usecases.account.secret_check import check_secrets, find_secrets, list_secrets
from envctl.usecases.account.secret_set import SecretSet, set_secret
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.settings.environment_settings import load_settings
from tests.catching import catch
from tests.fakes.project_files import PROJECT, WEB
from tests.fakes.world import World
from tests.usecases.steps import deploy_to_staging

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
    deploy_to_staging(world)
    return world


def value(data: bytes = b"planted") -> SecretValue:
    return SecretValue(data)


def never() -> SecretValue:
    raise AssertionError("nobody should have been asked for a value")


def codes(error: EnvctlError | None) -> list[str]:
    return [problem.code for problem in error.problems] if error else []


def test_required_secrets_are_listed_with_their_status() -> None:
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


def test_list_fails_for_unreadable_secrets() -> None:
    world = project()
    world.secrets.otherwise[DB] = "unknown"
    told, error = list_secrets(world.ports, "prod")
    assert codes(error) == ["E441"]
    assert [each.state for each in told.secrets] == ["unknown", "absent"]


def test_aws_is_not_queried_without_required_secrets() -> None:
    world = project()
    world.edit("environments/common.tfvars", 'size = 1\ndb_secret_name = ""\n')
    told, error = check_secrets(world.ports, ["dev"])
    assert error is None
    assert told.environments[0].secrets == ()
    assert (world.access.asked, world.secrets.looked) == ([], [])


def test_check_reports_all_missing_secrets_with_commands() -> None:
    world = project()
    world.secrets.held |= {("dev", "shop/db"): b"x", DB: b"x"}
    world.secrets.otherwise[DB] = "deleting"
    told, error = check_secrets(world.ports)
    assert [(each.environment, each.missing) for each in told.environments] == [("dev", 0), ("staging", 1), ("prod", 2)]
    assert error and error.exit_code == ExitCode.FAILED
    assert [(problem.code, problem.hint) for problem in error.problems] == [
        ("E440", "envctl secrets set staging shop/db"),
        ("E440", "aws secretsmanager restore-secret --secret-id shop/db"),
        ("E440", "envctl secrets set prod /shop/key"),
    ]


def test_check_of_complete_secrets_reports_nothing() -> None:
    world = project()
    world.secrets.held |= {DB: b"x", KEY: b"x"}
    told, error = check_secrets(world.ports, ["prod", "prod"])
    assert error is None
    assert [each.environment for each in told.environments] == ["prod"]


def test_unreachable_environment_does_not_hide_others() -> None:
    world = project()
    world.access.refused.add("staging")
    world.edit("environments/prod/terraform.tfvars", "size = [\n")
    told, error = check_secrets(world.ports)
    assert [each.environment for each in told.environments] == ["dev"]
    assert told.failed == ("staging", "prod")
    assert codes(error) == ["E440", "E413", "E201"]
    assert error and error.exit_code == ExitCode.CONFIGURATION


def test_another_account_than_the_environments_is_refused() -> None:
    world = project(account="333333333333")
    for act in (lambda: list_secrets(world.ports, "prod"), lambda: set_secret(world.ports, "prod", "shop/db", never)):
        with pytest.raises(OperationFailedError, match="E445") as raised:
            act()
        assert "is in account 333333333333" in str(raised.value)
    assert world.secrets.looked == []


def test_secret_of_another_account_is_not_checked() -> None:
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


def test_next_release_decides_which_secrets_are_required() -> None:
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


def test_working_tree_is_read_where_settings_need_it() -> None:
    world = deployed()
    world.edit("modules/web/main.tf", WEB.decode() + ASKING + 'variable "new_secret_name" { type = string }\n')
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\nnew_secret_name = "shop/new"\n')
    told, _ = list_secrets(world.ports, "prod")
    assert told.release == ""
    assert [each.secret.name for each in told.secrets] == ["shop/db", "shop/new"]


def test_settings_that_fit_no_release_are_refused() -> None:
    world = deployed()
    world.edit("environments/staging/terraform.tfvars", 'cidr = "10.20.0.0/16"\nsise = 2\n')
    with pytest.raises(ConfigurationError, match="E203"):
        list_secrets(world.ports, "staging")


def test_pattern_without_match_makes_the_project_invalid() -> None:
    world = project()
    world.edit("envctl.toml", PROJECT.decode() + PATTERNS.replace("*_parameter", "key_parametr"))
    (problem,) = catch(ConfigurationError, validate_project, world.ports).problems
    assert (problem.code, problem.hint) == ("E442", "did you mean key_parameter?")
    assert str(problem.location) == "envctl.toml:29"


def test_value_in_place_of_name_is_never_sent() -> None:
    world = project()
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\ndb_secret_name = "planted p@ss"\n')
    for act in (lambda: list_secrets(world.ports, "prod"), lambda: validate_project(world.ports)):
        with pytest.raises(ConfigurationError, match="E444") as raised:
            act()
        assert "planted" not in str(raised.value)
        assert str(raised.value.problems[0].location) == "environments/prod/terraform.tfvars:2"
    assert world.secrets.looked == []


def test_deployment_checks_its_secrets() -> None:
    world = project()
    project_ = project_file.load_project(world.ports)
    wiring = working_tree.build_release(Context(world.ports, project_)).wiring
    settings = load_settings(Context(world.ports, project_), "prod", wiring)
    seen = find_secrets(Context(world.ports, project_), "prod", settings, wiring.schema)
    assert [(each.secret.id, each.missing) for each in seen] == [("shop/db", True), ("/shop/key", True)]
    assert world.secrets.looked == [("prod", ("shop/db", "/shop/key"))]


def test_secret_is_created_with_tags_and_then_updated() -> None:
    world = project()
    done = set_secret(world.ports, "prod", "shop/db", value, kms_key="alias/shop")
    assert done == SecretSet(
        environment="prod",
        account_id="111111111111",
        kind="secretsmanager",
        name="shop/db",
        created=True,
        arn_differs=False,
        next="envctl secrets check prod",
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


def test_declined_question_asks_for_no_value() -> None:
    world = project()
    world.prompter.answers = [False]
    with pytest.raises(InterruptedByUserError, match="E310"):
        set_secret(world.ports, "prod", "shop/db", never)
    assert world.secrets.held == {}


def test_secret_is_not_set_without_a_terminal() -> None:
    world = project()
    world.prompter.nobody = True
    with pytest.raises(UsageError, match="E001"):
        set_secret(world.ports, "prod", "shop/db", never)


NOT_ASKED_FOR = {
    "a name that is nearly one": ("shop/bd", {}, "did you mean shop/db?"),
    "a name that is nothing like one": ("completely-else", {}, "envctl secrets list prod"),
    "a name of the other kind": ("shop/db", {"kind": "ssm"}, "did you mean shop/db?"),
    "a wish without a place": ("other", {"unasked": True}, "--in secretsmanager or --in ssm"),
    "a wish for what is no name": ("p@ss w0rd", {"unasked": True, "kind": "ssm"}, "use letters"),
}


@pytest.mark.parametrize(("name", "more", "hint"), NOT_ASKED_FOR.values(), ids=NOT_ASKED_FOR)
def test_secret_is_not_set_when(name: str, more: dict[str, object], hint: str) -> None:
    world = project()
    with pytest.raises(UsageError, match="E446") as raised:
        set_secret(world.ports, "prod", name, never, **more)  # type: ignore[arg-type]
    assert hint in raised.value.problems[0].hint


def test_unrequired_secret_is_set_on_request() -> None:
    world = project()
    done = set_secret(world.ports, "prod", "/shop/later", value, kind="ssm", unasked=True)
    assert (done.kind, done.created, done.next) == ("ssm", True, "")
    assert world.secrets.held == {("prod", "/shop/later"): b"planted"}


def test_name_in_two_services_needs_a_choice() -> None:
    world = project()
    world.edit("environments/prod/terraform.tfvars", 'cidr = "10.30.0.0/16"\nkey_parameter = "shop"\n')
    world.edit("environments/common.tfvars", 'size = 1\ndb_secret_name = "shop"\n')
    with pytest.raises(UsageError, match="E446") as raised:
        set_secret(world.ports, "prod", "shop", never)
    assert "--in secretsmanager" in raised.value.problems[0].hint
    assert set_secret(world.ports, "prod", "shop", value, kind="ssm").kind == "ssm"


def test_recreated_secret_has_another_arn() -> None:
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
def test_secret_value_is_refused_when(name: str, data: bytes) -> None:
    world = project()
    with pytest.raises(UsageError, match="E447"):
        set_secret(world.ports, "prod", name, lambda: value(data))
    assert world.secrets.held == {}


@pytest.mark.parametrize("name", ["shop/db", "/shop/key"])
def test_longest_value_is_accepted(name: str) -> None:
    world = project()
    most = b"x" * (64 if name == "shop/db" else 8) * KIB
    set_secret(world.ports, "prod", name, lambda: value(most))
    assert world.secrets.held["prod", name] == most


def test_secret_scheduled_for_deletion_is_not_overwritten() -> None:
    world = project()
    world.secrets.held[DB] = b"x"
    world.secrets.otherwise[DB] = "deleting"
    with pytest.raises(OperationFailedError, match="E440"):
        set_secret(world.ports, "prod", "shop/db", never)
    world.secrets.otherwise[DB] = "unknown"
    with pytest.raises(OperationFailedError, match="E441"):
        set_secret(world.ports, "prod", "shop/db", never)


def test_parameter_of_another_type_is_not_overwritten() -> None:
    world = project()
    world.secrets.held[KEY], world.secrets.types["/shop/key"] = b"x", "String"
    with pytest.raises(OperationFailedError, match="E448") as raised:
        set_secret(world.ports, "prod", "/shop/key", never)
    assert raised.value.problems[0].hint == "delete it first: aws ssm delete-parameter --name /shop/key"


def test_secret_value_is_hidden_in_representations() -> None:
    held = value(b"planted-secret")
    assert "planted" not in repr(held) + str(held) + f"{held}"


def test_missing_secrets_refuse_deployment_before_terraform() -> None:
    world = project()
    world.secrets.held[("dev", "shop/db")] = b"x"
    apply(world.ports, "dev")
    world.terraform.calls.clear()
    raised = catch(RefusedError, promote, world.ports, "dev", "staging")
    told = [(problem.code, problem.hint) for problem in raised.problems]
    assert (told[0][0], told[1:]) == ("G202", [("E440", "envctl secrets set staging shop/db")])
    assert world.terraform.calls == []
    world.secrets.held[("staging", "shop/db")] = b"x"
    assert promote(world.ports, "dev", "staging").deployment


def test_why_reports_missing_secrets_once_planned() -> None:
    world = project(account="333333333333")
    world.access.accounts["prod"] = "333333333333"
    world.secrets.held |= dict.fromkeys([("dev", "shop/db"), ("staging", "shop/db")], b"x")
    deploy_to_staging(world)
    for planned, outcome in ((False, "unplanned"), (True, "refuses")):
        answers = {each.code: each.outcome for each in explain_refusal(world.ports, "prod", planned=planned).answers}
        assert answers["G202"] == outcome
    world.secrets.held |= dict.fromkeys([DB, KEY], b"x")
    answers = {answer.code: answer.outcome for answer in explain_refusal(world.ports, "prod", planned=True).answers}
    assert answers["G202"] == "passes"


SENSITIVE = '\nvariable "password" {\n  type      = string\n  default   = ""\n  sensitive = true\n}\n'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param('password = "hunter2"', True, id="a value"),
        pytest.param('password = ""', False, id="an empty text"),
        pytest.param("password = null", False, id="null"),
        pytest.param("", False, id="the default of the module"),
    ],
)
def test_plain_sensitive_value_is_told(line: str, told: bool) -> None:
    world = World()
    world.edit("modules/web/main.tf", WEB.decode() + SENSITIVE)
    world.edit("environments/prod/terraform.tfvars", f'cidr = "10.30.0.0/16"\n{line}\n')
    (checked,) = check_secrets(world.ports, ["prod"])[0].environments
    remarks = validate_project(world.ports, "prod").remarks
    found = [each for each in remarks if "plain text" in each]
    assert (list(checked.plain), bool(found)) == (found, told)
    assert all(each.startswith("environments/prod/terraform.tfvars:2: password is sensitive") for each in found)
    assert "hunter2" not in str((checked, remarks))
