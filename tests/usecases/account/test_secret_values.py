"""Secret values: which are read for which stack, with which faults, and that nothing keeps or shows them."""

import json
from collections.abc import Sequence

import pytest

from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.errors import ConfigurationError, EnvctlError
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.account import account_check
from envctl.usecases.account.secret_check import check_secrets, list_secrets
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.verification import verify
from envctl.usecases.inspect.explain_plan import explain_plan
from envctl.usecases.inspect.outputs import read_outputs
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedEnvironment
from envctl.usecases.release import release_store
from tests.catching import catch
from tests.fakes.project_files import PROJECT, WEB
from tests.fakes.terraform import MemoryWorkspace
from tests.fakes.world import World

VALUE = "planted-7f3a-value"
VARIABLES = """
variable "db_password" {
  type      = string
  sensitive = true
}
variable "token" {
  type      = string
  default   = null
  ephemeral = true
}
variable "keys" {
  type      = object({ user = string, parts = optional(list(string), []) })
  default   = null
  sensitive = true
}
variable "open" {
  type    = string
  default = ""
}
"""


def project(*lines: str) -> World:
    world = World()
    world.edit("envctl.toml", PROJECT.decode() + "\n[secrets.values]\n" + "\n".join(lines) + "\n")
    world.edit("modules/web/main.tf", WEB.decode() + VARIABLES)
    return world


def from_environment(value: str = VALUE) -> World:
    world = project('db_password = "env:DB_PASSWORD"')
    world.secret_variables.values["DB_PASSWORD"] = value
    return world


def codes(error: EnvctlError) -> list[str]:
    return [each.code for each in error.problems]


def secrets_of(world: World, environment: str = "dev", stack: str = "web") -> dict[str, str]:
    return dict(world.terraform.passed[environment, stack])


def find_value(world: World, value: str = VALUE) -> list[str]:
    """What is stored, written or said with the value."""
    kept: dict[str, object] = {key: data.decode("latin-1") for key, data in world.store.content.items()}
    kept |= {f"workspace {key}": str(each) for key, each in vars(world.workspace).items()}
    kept |= {f"said {number}": text for number, text in enumerate(world.observer.heard)}
    return [where for where, text in kept.items() if value in str(text)]


def test_value_goes_to_its_stack_alone() -> None:
    world = from_environment()
    apply(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE}
    assert secrets_of(world, stack="network") == {}
    assert find_value(world) == []
    assert VALUE in world.observer.hidden


def test_verification_reads_values_for_check_blocks_alone() -> None:
    world = from_environment()
    apply(world.ports, "dev")
    del world.secret_variables.values["DB_PASSWORD"]
    verify(world.ports, "dev")
    assert secrets_of(world) == {}
    world = from_environment()
    world.edit("modules/web/main.tf", WEB.decode() + VARIABLES + 'check "health" {}\n')
    apply(world.ports, "dev")
    world.terraform.passed.clear()
    verify(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE}
    assert find_value(world) == []


def test_render_and_settings_show_the_source() -> None:
    world = from_environment()
    (rendered,) = (text for path, text in render_environment(world.ports, "dev").files.items() if "web" in path)
    document = json.loads(rendered)
    assert document["module"]["web"]["db_password"] == "${var.db_password}"
    assert document["variable"]["db_password"] == {"type": "string", "sensitive": True}
    (shown,) = (each for each in resolve_settings(world.ports, "dev").settings if each.name == "db_password")
    assert (shown.value, shown.origin, shown.sensitive) == ("env:DB_PASSWORD", "secret", False)
    assert str(shown.location).startswith("envctl.toml:")


def test_each_stack_may_have_its_own_value() -> None:
    world = project('db_password = "secretsmanager:{project}/{env}/{stack}/db"')
    world.secrets.held["dev", "shop/dev/web/db"] = VALUE.encode()
    apply(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE}
    world = project('db_password = "env:DB_PASSWORD"', 'web.db_password = "env:WEB_PASSWORD"')
    world.secret_variables.values |= {"DB_PASSWORD": "wrong-one", "WEB_PASSWORD": VALUE}
    apply(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE}


def test_one_secret_with_two_keys_is_read_once() -> None:
    world = project('db_password = "secretsmanager:shop/db#password"', 'token = "secretsmanager:shop/db#pin"')
    world.secrets.held["dev", "shop/db"] = json.dumps({"password": VALUE, "pin": 123456, "host": "example"}).encode()
    apply(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE, "token": "123456"}
    assert world.secrets.read == [("dev", "shop/db")] * len(world.secrets.read)
    # What goes nowhere needs no redaction.
    assert "example" not in world.observer.hidden


def test_object_takes_json() -> None:
    world = project('db_password = "env:DB_PASSWORD"', 'keys = "ssm:/shop/keys"')
    world.secret_variables.values["DB_PASSWORD"] = VALUE
    world.secrets.held["dev", "/shop/keys"] = b'{"user": "a${b}", "parts": ["x"], "more": 1}'
    apply(world.ports, "dev")
    assert json.loads(secrets_of(world)["keys"]) == {"user": "a$${b}", "parts": ["x"]}


@pytest.mark.parametrize(
    ("line", "value", "code", "says"),
    [
        ('db_password = "env:DB_PASSWORD"', None, "E233", "DB_PASSWORD is not set"),
        ('db_password = "env:DB_PASSWORD"', "", "E233", "DB_PASSWORD is empty"),
        ('db_password = "secretsmanager:shop/db"', None, "E234", "shop/db in Secrets Manager does not exist"),
        ('db_password = "ssm:/shop/db"', None, "E234", "/shop/db in the Parameter Store does not exist"),
        ('db_password = "secretsmanager:shop/db#a"', "planted", "E235", "it is not a JSON object"),
        ('db_password = "secretsmanager:shop/db#a"', '{"b": "planted"}', "E235", "its JSON object has no key a"),
        ('db_password = "secretsmanager:shop/db#a"', '{"a": null}', "E235", "it is null"),
        ('db_password = "secretsmanager:shop/db#a"', '{"a": ["planted"]}', "E235", "must be a string, and it is"),
        ('db_password = "env:DB_PASSWORD"', "plan\0ted", "E235", "NUL"),
        ('db_password = "env:DB_PASSWORD"', "planted\udcff", "E235", "not UTF-8"),
        ('db_password = "env:DB_PASSWORD"', "planted" * 20_000, "E235", "it has 140000 bytes"),
        ('db_password = "ssm:{account_id}"', None, "E230", "{account_id} has no value"),
        ('db_password = "secretsmanager:a b"', None, "E103", "must have a name"),
        ('db_password = "secretsmanager:a:b"', None, "E230", "is not the name of a secret"),
    ],
)  # fmt: skip
def test_unusable_value_is_explained_without_it(line: str, value: str | None, code: str, says: str) -> None:
    world = project(line)
    if value is not None:
        world.secret_variables.values["DB_PASSWORD"] = value
        world.secrets.held["dev", "shop/db"] = value.encode(errors="replace")
    error = catch(EnvctlError, lambda: apply(world.ports, "dev"))
    assert codes(error) == [code]
    assert says in error.problems[0].message
    assert "planted" not in str(error)
    assert error.problems[0].hint
    assert str(error.problems[0].location).startswith("envctl.toml:")


def test_all_missing_values_are_reported_at_once() -> None:
    world = project('db_password = "env:A_VALUE"', 'token = "secretsmanager:shop/t"', 'keys = "ssm:/shop/k"')
    world.secrets.unreadable["dev", "/shop/k"] = "the permission ssm:GetParameter is missing"
    error = catch(EnvctlError, lambda: apply(world.ports, "dev"))
    assert codes(error) == ["E233", "E234", "E234"]
    assert error.problems[2].hint == "allow it"
    assert "envctl secrets set dev shop/t" in error.problems[1].hint
    assert error.exit_code == ExitCode.CONFIGURATION


def test_trailing_newline_is_kept() -> None:
    world = from_environment("planted-line\n")
    apply(world.ports, "dev")
    assert secrets_of(world) == {"db_password": "planted-line\n"}


@pytest.mark.parametrize(
    ("line", "settings", "code"),
    [
        ('open = "env:OPEN_VALUE"', "", "E231"),
        ('db_password = "env:DB_PASSWORD"', 'db_password = "planted"\n', "E232"),
        ('web.db_password = "env:DB_PASSWORD"', 'db_password = "planted"\n', "E232"),
        ('db_pasword = "env:DB_PASSWORD"', 'db_password = "planted"\n', "E230"),
        ('wep.db_password = "env:DB_PASSWORD"', 'db_password = "planted"\n', "E230"),
        ('web.db_pasword = "env:DB_PASSWORD"', 'db_password = "planted"\n', "E230"),
    ],
)
def test_misplaced_secret_value_is_refused_with_line(line: str, settings: str, code: str) -> None:
    world = project(line)
    world.edit("environments/common.tfvars", "size = 1\n" + (settings or 'db_password = "planted"\n'))
    error = catch(ConfigurationError, lambda: validate_project(world.ports, "dev"))
    assert codes(error) == [code]
    assert "planted" not in str(error)
    assert str(error.problems[0].location).startswith("envctl.toml:")


def test_value_in_set_or_in_the_own_file_is_refused() -> None:
    world = from_environment()
    text = world.tree.content["envctl.toml"].decode()
    world.edit("environments/dev/web.tfvars", 'db_password = "planted"\n')
    error = catch(ConfigurationError, lambda: validate_project(world.ports, "dev"))
    assert codes(error) == ["E232"]
    assert "environments/dev/web.tfvars" in error.problems[0].message
    del world.tree.content["environments/dev/web.tfvars"]
    world.edit("envctl.toml", text + '[stacks.web.set]\ndb_password = "planted"\n')
    # A sensitive value in `set` is refused as such (E220).
    assert codes(catch(ConfigurationError, lambda: validate_project(world.ports, "dev"))) == ["E220"]


def test_shared_file_may_serve_other_stacks() -> None:
    world = project('web.db_password = "env:DB_PASSWORD"')
    network = world.tree.content["modules/network/main.tf"].decode()
    declared = VARIABLES[: VARIABLES.index('variable "token"')]
    world.edit("modules/network/main.tf", network + declared)
    world.edit("environments/common.tfvars", 'size = 1\ndb_password = "of-the-network"\n')
    world.secret_variables.values["DB_PASSWORD"] = VALUE
    apply(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE}
    assert secrets_of(world, stack="network") == {"db_password": "of-the-network"}


def test_variable_in_program_variables_is_refused() -> None:
    world = from_environment()
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text + '[ci]\nprogram_variables = ["DB_PASSWORD"]\n')
    assert codes(catch(ConfigurationError, lambda: validate_project(world.ports, "dev"))) == ["E230"]


def test_value_in_json_is_redacted_by_all_its_parts() -> None:
    world = project('db_password = "env:DB_PASSWORD"', 'keys = "env:KEYS_VALUE"')
    world.secret_variables.values |= {"DB_PASSWORD": VALUE, "KEYS_VALUE": '{"user": "planted-user"}'}
    apply(world.ports, "dev")
    assert any("planted-user" in each for each in world.observer.hidden)


def test_release_without_the_variable_ignores_the_key() -> None:
    world = World()
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text + '\n[secrets.values]\ndb_password = "env:DB_PASSWORD"\n')
    world.edit("modules/web/main.tf", WEB.decode() + VARIABLES)
    plan_environment(world.ports, "staging")
    assert secrets_of(world, "staging") == {}


def test_outputs_need_no_value() -> None:
    world = from_environment()
    apply(world.ports, "dev")
    world.secret_variables.values.clear()
    assert read_outputs(world.ports, "dev")[1] is None


def test_request_job_gets_stand_ins() -> None:
    world = project('db_password = "secretsmanager:shop/db"', 'keys = "env:KEYS_VALUE"')
    world.secrets.held["dev", "shop/db"] = VALUE.encode()
    world.secret_variables.values["KEYS_VALUE"] = '{"user": "planted"}'
    world.job_requests.for_request = True
    apply(world.ports, "dev")
    assert secrets_of(world)["db_password"] == VALUE
    world.secrets.read.clear()
    world.config_reader = ProjectFileReader(sandbox=False, look=True)
    plan_environment(world.ports, "dev")
    assert secrets_of(world) == {"db_password": "envctl-stand-in", "keys": '{"user": ""}'}
    assert world.secrets.read == []
    assert "stand-ins for web.db_password and web.keys" in world.observer.heard[-1]


@pytest.mark.parametrize("looks", [True, False])
def test_plan_with_stand_ins_is_not_approved(*, looks: bool) -> None:
    world = from_environment()
    text = world.tree.content["envctl.toml"].decode().replace("{}", "{ peer = 1 }")
    world.edit("envctl.toml", text + '[ci]\npull_request_environments = ["staging"]\n')
    apply(world.ports, "dev")
    world.identity.name = "bob@example.com"
    before = {*world.store.content}
    world.job_requests.for_request = True
    world.config_reader = ProjectFileReader(sandbox=False, look=looks)
    if not looks:
        assert approve_plan(world.ports, "staging", "peer").plan
        return
    error = catch(ConfigurationError, lambda: approve_plan(world.ports, "staging", "peer"))
    assert codes(error) == ["E355"]
    assert explain_refusal(world.ports, "staging", planned=True).plan == ""
    assert {*world.store.content} == before


def test_promotion_is_refused_without_the_secret() -> None:
    world = project('db_password = "secretsmanager:shop/{env}/db"')
    world.secrets.held["dev", "shop/dev/db"] = VALUE.encode()
    apply(world.ports, "dev")
    error = catch(EnvctlError, lambda: promote(world.ports, "dev", "staging"))
    assert codes(error) == ["G202", "E440"]
    assert "shop/staging/db" in error.problems[1].message
    world.secrets.held["staging", "shop/staging/db"] = b"another-value"
    promote(world.ports, "dev", "staging")
    assert secrets_of(world, "staging") == {"db_password": "another-value"}


def test_other_source_needs_another_approval() -> None:
    world = from_environment()
    before = resolve_settings(world.ports, "dev").digest(())
    world.secret_variables.values["DB_PASSWORD"] = "another-value"
    assert resolve_settings(world.ports, "dev").digest(()) == before
    world.edit("envctl.toml", world.tree.content["envctl.toml"].decode().replace("env:DB_PASSWORD", "env:DB_OTHER"))
    assert resolve_settings(world.ports, "dev").digest(()) != before


def test_secrets_commands_know_the_values() -> None:
    world = project('db_password = "env:DB_PASSWORD"', 'token = "secretsmanager:shop/t"')
    listed, _ = list_secrets(world.ports, "dev")
    assert [(each.name, each.asked_by, each.is_set) for each in listed.variables] == [
        ("DB_PASSWORD", ("web.db_password",), False)
    ]
    assert [(each.secret.name, each.secret.asked_by) for each in listed.secrets] == [("shop/t", ("web.token",))]
    assert listed.missing == 2
    error = check_secrets(world.ports, ["dev"])[1]
    assert error is not None
    assert codes(error) == ["E440", "E233"]
    assert world.secrets.read == []


class KeepingWorkspace(MemoryWorkspace):
    """Keeps what was prepared until the next save."""

    kept: PreparedEnvironment | None = None
    saved = 0

    def save_prepared(self, prepared: PreparedEnvironment, inputs: Sequence[str], mark: str) -> None:
        self.kept = None if any(stack.secrets for stack in prepared.stacks) else prepared
        self.saved += 1

    def has_prepared(self, environment: str) -> bool:
        return self.kept is not None

    def load_prepared(self, environment: str) -> PreparedEnvironment | None:
        return self.kept


def keep(world: World) -> KeepingWorkspace:
    """Deploy dev; what was prepared for it is kept."""
    world.workspace = world.terraform.workspace = workspace = KeepingWorkspace()
    apply(world.ports, "dev")
    assert (workspace.saved, workspace.kept is None) == (1, False)
    return workspace


def test_kept_preparation_reads_values_again() -> None:
    world = from_environment()
    workspace = keep(world)
    assert find_value(world) == []
    world.secret_variables.values["DB_PASSWORD"] = "rotated-value"
    plan_environment(world.ports, "dev")
    assert secrets_of(world) == {"db_password": "rotated-value"}
    assert secrets_of(world, stack="network") == {}
    assert "rotated-value" in world.observer.hidden
    assert find_value(world, "rotated-value") == []
    assert workspace.saved == 1


@pytest.mark.parametrize("account", ["", 'account_id = "111111111111"\n'], ids=["outside AWS", "on AWS"])
def test_kept_preparation_checks_the_account_on_aws(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = from_environment()
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text.replace("[environments.dev]\n", f"[environments.dev]\n{account}"))
    keep(world)
    checked: list[str] = []
    monkeypatch.setattr(account_check, "require_account", lambda _, environment: checked.append(environment))
    monkeypatch.setattr(world.access, "is_confirmed", lambda _: False)
    plan_environment(world.ports, "dev")
    assert checked == (["dev"] if account else [])


def test_kept_preparation_takes_values_from_aws() -> None:
    world = project('keys = "secretsmanager:shop/{env}/all#db"', 'db_password = "env:DB_PASSWORD"')
    world.secret_variables.values["DB_PASSWORD"] = VALUE
    world.secrets.held["dev", "shop/dev/all"] = b'{"db": {"user": "first-user"}}'
    workspace = keep(world)
    world.secrets.held["dev", "shop/dev/all"] = b'{"db": {"user": "second-user"}}'
    plan_environment(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE, "keys": '{"user": "second-user", "parts": []}'}
    assert any("second-user" in each for each in world.observer.hidden)
    assert workspace.saved == 1


def test_kept_preparation_withdraws_variables_of_all_environments() -> None:
    world = project('db_password = "env:PASSWORD_{env}"')
    world.secret_variables.values |= {f"PASSWORD_{each}": VALUE for each in ("dev", "staging", "prod")}
    keep(world)
    world.secret_variables.withdrawn.clear()
    plan_environment(world.ports, "dev")
    assert world.secret_variables.withdrawn == {"PASSWORD_dev", "PASSWORD_staging", "PASSWORD_prod"}


@pytest.mark.parametrize(
    ("value", "code"), [(None, "E233"), ("", "E233"), ("a\0b", "E235")], ids=["missing", "empty", "unusable"]
)
def test_kept_preparation_reports_faults_with_lines(value: str | None, code: str) -> None:
    world = from_environment()
    keep(world)
    world.secret_variables.values.clear()
    if value is not None:
        world.secret_variables.values["DB_PASSWORD"] = value
    error = catch(EnvctlError, lambda: plan_environment(world.ports, "dev"))
    (problem,) = error.problems
    assert problem.code == code
    assert problem.location is not None
    assert problem.location.file == "envctl.toml"


def test_kept_preparation_gives_request_jobs_stand_ins() -> None:
    world = from_environment()
    keep(world)
    world.job_requests.for_request = True
    world.config_reader = ProjectFileReader(sandbox=False, look=True)
    plan_environment(world.ports, "dev")
    assert secrets_of(world) == {"db_password": "envctl-stand-in"}
    world.job_requests.for_request = False
    plan_environment(world.ports, "dev")
    assert secrets_of(world) == {"db_password": VALUE}


def test_stored_settings_keep_the_source() -> None:
    world = from_environment()
    apply(world.ports, "dev")
    deployed = journal.load(world.ports).find_environment("dev").current
    assert deployed is not None
    kept = release_store.load_settings(world.ports, "dev", deployed.settings)
    assert kept is not None
    assert {name: str(source) for name, source in kept.sources["web"].items()} == {"db_password": "env:DB_PASSWORD"}
    assert "db_password" not in kept.arguments["web"]
    explained = explain_plan(world.ports, "dev")
    assert explained.plan.stacks


def test_no_value_is_read_in_another_account() -> None:
    world = project('db_password = "secretsmanager:shop/db"')
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", text.replace("[environments.dev]\n", '[environments.dev]\naccount_id = "999999999999"\n'))
    world.secrets.held["dev", "shop/db"] = VALUE.encode()
    error = catch(EnvctlError, lambda: apply(world.ports, "dev"))
    assert codes(error) == ["G203"]
    assert world.secrets.read == []
