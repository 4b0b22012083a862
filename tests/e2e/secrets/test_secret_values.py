"""Values of `[secrets.values]` with real Terraform: they reach it, and nothing else says, writes or stores them."""

import json
import signal
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import BASE, Project, wait_until
from tests.e2e.secrets.leaking import LEAKY, build_key_part, build_secret
from tests.e2e.secrets.test_leaks import MARKDOWN, WORDS, demand_nothing_leaked, in_extra, in_github
from tests.secret_search import find_secret

pytestmark = pytest.mark.terraform

SECRETS = '\n[secrets.values]\npassword = "env:DB_PASSWORD"\n"top.keys" = "env:KEYS_{environment}"\n'
PLANTED = "planted-value-7f3a91"
TOP = """
variable "base" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "this" {
  input = "of ${var.base}"

  provisioner "local-exec" {
    command = "env > ${path.root}/top.env"
  }
}

resource "terraform_data" "held" {
  input = var.password
}
"""
ENVIRONMENT_OF_BASE = """
resource "terraform_data" "seen" {
  input = var.name

  provisioner "local-exec" {
    command = "env > ${path.root}/base.env"
  }
}
"""
EPHEMERAL = """
variable "base" {
  type = string
}

variable "password" {
  type      = string
  ephemeral = true
}

resource "terraform_data" "this" {
  input = "of ${var.base}"
}

output "given" {
  value     = var.password
  ephemeral = true
}
"""


def give_secrets(environment: str, word: str) -> dict[str, str]:
    """The variables of a command; the keys are JSON."""
    keys = {"api": {"name": f"{environment}-api-{word}-user", "parts": [build_key_part(environment, word), "x"]}}
    return {"DB_PASSWORD": build_secret(environment, word), f"KEYS_{environment}": json.dumps(keys)}


@pytest.fixture
def leaky(small: Project) -> Project:
    small.write("modules/base/main.tf", BASE)
    small.write("modules/top/main.tf", LEAKY)
    (small.root / "tmp").mkdir()
    for environment in ("dev", "staging", "prod"):
        small.write(f"environments/{environment}/terraform.tfvars", f'name = "{environment}-name"\n')
    package = f'\n[ci]\npackage = "git+https://git.example.com/acme/envctl@{"a" * 40}"\n'
    small.write("envctl.toml", (small.root / "envctl.toml").read_text() + package + SECRETS)
    return small


@pytest.fixture
def valued(small: Project) -> Project:
    """Of the two stacks, top has a secret value."""
    small.write("modules/base/main.tf", BASE + ENVIRONMENT_OF_BASE)
    small.write("modules/top/main.tf", TOP)
    for environment in ("dev", "staging", "prod"):
        small.write(f"environments/{environment}/terraform.tfvars", f'name = "{environment}-name"\n')
    text = (small.root / "envctl.toml").read_text()
    small.write("envctl.toml", text + '\n[secrets.values]\npassword = "env:DB_PASSWORD"\n')
    return small


def run_with(project: Project, environment: str, word: str = "one") -> Project:
    return replace(project, extra={**project.extra, **give_secrets(environment, word)})


def find_planted(project: Project) -> list[str]:
    """Where the value lies, but for the state, and what a provisioner of its own stack wrote."""
    found = find_secret(PLANTED, project.root, project.home)
    return [each for each in found if ".tfstate" not in each and not each.endswith("top.env")]


# Commands that hand values to Terraform, or show what came of them, each once: the others print what is stored, and no
# file may have a value. All print through what test_leaks.py shows of all by day, with other secrets.
READING = {
    name: WORDS[name][:1] for name in ("plan", "why", "drift", "output", "exec", "settings", "report", "secrets check")
}
FORMS = {
    "terminal": ("terminal", WORDS),
    "job": ("job", WORDS),
    "job, where values are read": ("job", READING),
}


@pytest.mark.parametrize(("form", "commands"), keep_by_day(FORMS, "job, where values are read"))
def test_no_command_prints_writes_or_stores_a_value(
    leaky: Project, form: str, commands: Mapping[str, list[list[str]]]
) -> None:
    said = [run_with(leaky, "dev").run_checked("apply", "dev", "--yes")]
    said.append(run_with(leaky, "staging").run_checked("promote", "dev", "staging", "--yes"))
    approve = ("approve", "prod", "--gate", "peer", "--unseen", "top", "--yes")
    said.append(run_with(leaky, "prod").run_checked(*approve, GIT_AUTHOR_EMAIL="bob@example.com"))
    said.append(run_with(leaky, "prod").run_checked("promote", "staging", "prod", "--yes", "--markdown"))
    every = {name: value for each in ("dev", "staging", "prod") for name, value in give_secrets(each, "one").items()}
    # Outputs hold the values unmarked: of dev, as they are now.
    every["DB_PASSWORD"] = build_secret("dev", "one")
    project = in_extra(leaky, every)
    github = in_extra(project, in_github(leaky) | {"TMPDIR": str(leaky.root / "tmp")})
    release = project.run_checked("releases", "--json").document["result"]["releases"][0]["release"]["release"]
    for name, known in commands.items():
        for each in known:
            words = [release if word == "RELEASE" else word for word in each]
            said.append(project.run(*words) if form == "terminal" else github.run(*words[:1], "--json", *words[1:]))
        if known and name in MARKDOWN and commands is WORDS:
            said.append(project.run(*known[0], "--markdown"))
    said.append(project.run("plan", "dev", "--debug", "--trace", "trace.json"))
    assert not [ran.err for ran in said if ran.code == 70]
    demand_nothing_leaked(leaky, *said)


def test_only_terraform_of_its_stack_gets_the_value(valued: Project) -> None:
    more = """
[checks.seen]
kind = "command"
command = ["sh", "-c", "env > check.env"]

[cost]
command = ["sh", "-c", "env > cost.env; exit 1"]
"""
    valued.write("envctl.toml", (valued.root / "envctl.toml").read_text() + more)
    project = replace(valued, extra={"DB_PASSWORD": PLANTED})
    project.run_checked("plan", "dev")
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("exec", "dev", "--", "sh", "-c", "env > exec.env")
    assert find_planted(valued) == []
    seen = sorted(each.name for each in valued.list_files() if each.suffix == ".env")
    assert seen == ["base.env", "check.env", "cost.env", "exec.env", "top.env"]
    (own,) = (each for each in valued.list_files() if each.name == "top.env")
    lines = own.read_text().splitlines()
    assert f"TF_VAR_password={PLANTED}" in lines
    assert not any(line.startswith("DB_PASSWORD=") for line in lines)


@pytest.mark.night
def test_kept_preparation_passes_the_value_to_its_stack_alone(valued: Project) -> None:
    more = '\n[cost]\ncommand = ["sh", "-c", "env > cost.env; exit 1"]\n'
    valued.write("envctl.toml", (valued.root / "envctl.toml").read_text() + more)
    replace(valued, extra={"DB_PASSWORD": PLANTED}).run_checked("apply", "dev", "--yes")
    (kept,) = (each for each in valued.list_files() if each.name == ".prepared.json")
    before = kept.stat().st_mtime_ns
    planned = valued.run_checked("plan", "dev", "--json", DB_PASSWORD=f"{PLANTED}-rotated")
    assert kept.stat().st_mtime_ns == before
    # Terraform got the rotated value: the resource that holds it changes.
    assert "top.terraform_data.held" in planned.out or "terraform_data.held" in planned.out
    assert PLANTED not in planned.out + planned.err
    assert find_planted(valued) == []
    assert "PATH=" in (valued.root / "cost.env").read_text()
    missing = valued.run("plan", "dev", "--json")
    assert (missing.code, missing.codes) == (78, ["E233"])


@pytest.mark.night
def test_rotated_value_needs_a_new_approval(valued: Project) -> None:
    project = replace(valued, extra={"DB_PASSWORD": PLANTED})
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    bob = replace(valued, extra={"DB_PASSWORD": PLANTED, "GIT_AUTHOR_EMAIL": "bob@example.com"})
    bob.run_checked("approve", "prod", "--gate", "peer", "--unseen", "top", "--yes")
    project.run_checked("promote", "staging", "prod", "--yes")
    # A change of the network alone is approved.
    valued.write("modules/base/main.tf", BASE.replace('"this"', '"other"').replace("data.this", "data.other"))
    for words in (("apply", "dev"), ("promote", "dev", "staging")):
        project.run_checked(*words, "--yes")
    bob.run_checked("approve", "prod", "--gate", "peer", "--yes")
    refused = project.run("promote", "staging", "prod", "--yes", "--json", DB_PASSWORD="rotated-value-55")
    assert (refused.code, refused.codes) == (4, ["G302"])
    assert "rotated-value-55" not in refused.out + refused.err
    project.run_checked("promote", "staging", "prod", "--yes")


@pytest.mark.night
def test_missing_value_stops_before_terraform(valued: Project) -> None:
    missing = valued.run("apply", "dev", "--yes", "--json")
    assert (missing.code, missing.codes) == (78, ["E233"])
    (problem,) = missing.document["problems"]
    assert "DB_PASSWORD" in problem["message"]
    assert problem["file"] == "envctl.toml"
    assert not (valued.root / ".envctl" / "state").exists()


def test_killed_apply_leaves_no_value(valued: Project) -> None:
    valued.write("modules/top/main.tf", TOP.replace("env > ${path.root}/top.env", "touch begun; sleep 20"))
    project = replace(valued, extra={"DB_PASSWORD": PLANTED})
    running = project.start("apply", "dev", "--yes")
    wait_until(lambda: [each for each in valued.list_files() if each.name == "begun"])
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=60)
    assert find_planted(valued) == []


def test_ephemeral_variable_is_in_no_plan_and_no_state(valued: Project) -> None:
    valued.write("modules/top/main.tf", EPHEMERAL)
    project = replace(valued, extra={"DB_PASSWORD": PLANTED})
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    assert project.run_checked("drift", "dev").code == 0
    assert find_secret(PLANTED, valued.root, valued.home) == []
    rendered = json.loads((valued.root / ".envctl/work/dev/top/main.tf.json").read_text())
    assert rendered["variable"]["password"] == {"type": "string", "sensitive": True, "ephemeral": True}
    assert "output" not in rendered


@pytest.mark.night
def test_ephemeral_output_is_no_input_of_another_stack(valued: Project) -> None:
    valued.write("modules/top/main.tf", EPHEMERAL)
    extra = '\n[stacks.last]\nmodule = "modules/last"\ninputs = { given = "top.given" }\n'
    valued.write("envctl.toml", (valued.root / "envctl.toml").read_text() + extra)
    valued.write("modules/last/main.tf", 'variable "given" { type = string }\n')
    refused = valued.run("validate", "--json")
    assert (refused.code, refused.codes) == (78, ["E236"])
    assert refused.document["problems"][0]["line"]


ROOT = """
variable "untyped" {
  sensitive = true
}

variable "password" {
  type      = string
  ephemeral = true
}

variable "keys" {
  type      = object({ user = string, port = optional(number, 1) })
  sensitive = true
}

resource "terraform_data" "this" {
  input = "${var.untyped} ${var.keys.user} ${var.keys.port}"
}

output "shown" {
  value     = terraform_data.this.output
  sensitive = true
}
"""


@pytest.mark.night
def test_root_gets_its_values(valued: Project) -> None:
    text = (valued.root / "envctl.toml").read_text()
    start = text.index("[stacks.top]")
    values = 'untyped = "env:UNTYPED"\npassword = "env:DB_PASSWORD"\nkeys = "env:KEYS"\n'
    valued.write("envctl.toml", f'{text[:start]}[stacks.top]\nroot = "stacks/top"\n\n[secrets.values]\n{values}')
    valued.write("stacks/top/main.tf", ROOT)
    given = {"DB_PASSWORD": PLANTED, "UNTYPED": "planted-untyped", "KEYS": '{"user": "planted-user"}'}
    project = replace(valued, extra=given)
    project.run_checked("apply", "dev", "--yes")
    shown = project.run_checked("output", "dev", "top.shown", "--reveal")
    assert shown.out == "planted-untyped planted-user 1\n"
    assert project.run_checked("plan", "dev", "--detailed-exitcode").code == 0
    assert find_secret(PLANTED, valued.root, valued.home) == []
    assert [each for each in find_secret("planted-u", valued.root, valued.home) if ".tfstate" not in each] == []


def test_request_job_plans_with_stand_ins(valued: Project) -> None:
    project = replace(valued, extra={"DB_PASSWORD": PLANTED})
    project.run_checked("apply", "dev", "--yes")
    job = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_WORKSPACE": str(valued.root)}
    ran = in_extra(valued, job).run("plan", "dev")
    assert ran.code == 0, ran.err
    assert "stand-ins for top.password" in ran.out + ran.err


@pytest.mark.night
def test_leaving_stack_is_destroyed_with_its_value(valued: Project) -> None:
    project = replace(valued, extra={"DB_PASSWORD": PLANTED})
    project.run_checked("apply", "dev", "--yes")
    text = (valued.root / "envctl.toml").read_text()
    start, end = text.index("[stacks.top]"), text.index("[secrets.values]")
    valued.write("envctl.toml", f'{text[:start]}[removed.top]\nthen = "destroy"\n')
    assert end > start
    missing = valued.run("apply", "dev", "--yes", "--json")
    assert (missing.code, missing.codes) == (78, ["E233"])
    project.run_checked("apply", "dev", "--yes")
    assert find_planted(valued) == []
