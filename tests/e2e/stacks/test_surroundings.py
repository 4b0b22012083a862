"""What surrounds envctl changes no plan: flags and variables of Terraform, and files planted in the working folder."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import Project

pytestmark = pytest.mark.terraform

TOML = """
[project]
name = "tiny"

[pipeline]
order = ["dev", "staging", "prod"]

[environments.dev]
[environments.staging]
[environments.staging.gates]
approvals = {}
[environments.prod]

[stacks.base]
module = "modules/base"
"""
BASE = """
variable "size" {
  type    = number
  default = 1
}

resource "terraform_data" "one" {
  input = var.size
}

resource "terraform_data" "two" {
  input = "two"
}

output "size" {
  value = terraform_data.one.output
}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Project:
    (tmp_path / "home").mkdir()
    project = Project(tmp_path / "tiny", tmp_path / "home")
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", BASE)
    return project


def entries(project: Project) -> int:
    return len(list((project.root / ".envctl/store/ledger").glob("*.json")))


def resources(project: Project, environment: str) -> dict[str, object]:
    """By name, what the state of the stack holds; empty without a state."""
    state = project.root / ".envctl/state" / environment / "base.tfstate"
    if not state.exists():
        return {}
    found = json.loads(state.read_text())["resources"]
    return {each["name"]: each["instances"][0]["attributes"]["input"]["value"] for each in found}


@pytest.mark.parametrize(
    ("name", "value", "flag"),
    [
        ("TF_CLI_ARGS_plan", "-refresh-only", "-refresh-only"),
        ("TF_CLI_ARGS_plan", "-target=module.base.terraform_data.one", "-target"),
        ("TF_CLI_ARGS", '"--exclude=module.base.terraform_data.one"', "-exclude"),
        ("TF_CLI_ARGS_init", "-backend-config=path=/tmp/elsewhere", "-backend-config"),
        ("TF_CLI_ARGS_apply", "-parallelism=2 -state elsewhere", "-state"),
    ],
)
def test_flags_can_not_promote_a_part(name: str, value: str, flag: str, tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    before = entries(tiny)
    ran = tiny.run("--yes", "--json", "promote", "dev", "staging", before=("env", f"{name}={value}"))
    assert (ran.code, ran.codes) == (64, ["E040"])
    assert f"{name} holds {flag}:" in ran.document["problems"][0]["message"]
    assert entries(tiny) == before
    assert not resources(tiny, "staging")


def test_harmless_flags_pass(tiny: Project) -> None:
    harmless = "-parallelism=1 -lock-timeout 3s -no-color -compact-warnings"
    tiny.run_checked("--yes", "apply", "dev", TF_CLI_ARGS=harmless)
    for command in ("plan", "output", "drift", "verify"):
        tiny.run_checked(
            command, "dev", TF_CLI_ARGS=harmless, TF_CLI_ARGS_output="-no-color", TF_CLI_ARGS_show="-no-color"
        )
    tiny.run_checked("fmt", TF_CLI_ARGS=harmless)
    tiny.run_checked("lock-providers", TF_CLI_ARGS=harmless)
    assert resources(tiny, "dev") == {"one": 1, "two": "two"}


def test_variables_of_the_caller_change_nothing(tiny: Project, tmp_path: Path) -> None:
    around = {
        "TF_VAR_size": "9",
        "TF_WORKSPACE": "other",
        "TF_DATA_DIR": str(tmp_path / "data"),
        "TF_OF_TOMORROW": "1",
        "TF_INPUT": "1",
    }
    ran = replace(tiny, extra=around).run_checked("--yes", "apply", "dev")
    assert resources(tiny, "dev") == {"one": 1, "two": "two"}
    for name in ("TF_VAR_size", "TF_WORKSPACE", "TF_DATA_DIR", "TF_OF_TOMORROW"):
        assert ran.err.count(f"{name} is set and does not count: ") == 1
    assert "TF_INPUT" not in ran.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("planted", "text"),
    [
        (".terraform/environment", "other"),
        ("terraform.tfvars", "size = 9\n"),
        ("nine.auto.tfvars.json", '{"size": 9}'),
        ("main_override.tf", 'module "base" {\n  size = 9\n}\n'),
        ("more.tf.json", '{"resource": {"terraform_data": {"planted": {"input": 9}}}}'),
    ],
)
def test_planted_files_change_nothing(planted: str, text: str, tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    place = f".envctl/work/dev/base/{planted}"
    tiny.write(place, text)
    ran = tiny.run_checked("plan", "dev", "--detailed-exitcode")
    assert f"removed {place}: " in ran.err
    assert not (tiny.root / place).exists()
    tiny.write(place, text)
    tiny.write("modules/base/main.tf", BASE.replace('"two"\n', '"changed"\n'))
    tiny.run_checked("--yes", "apply", "dev")
    assert resources(tiny, "dev") == {"one": 1, "two": "changed"}
    assert not (tiny.root / ".envctl/state/dev/base.tfstate.d").exists()


def test_a_planted_record_of_the_backend_changes_nothing(tiny: Project, tmp_path: Path) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    record = tiny.root / ".envctl/work/dev/base/.terraform/terraform.tfstate"
    planted = json.loads(record.read_text())
    planted["backend"]["config"]["path"] = str(tmp_path / "elsewhere.tfstate")
    record.write_text(json.dumps(planted))
    tiny.run_checked("plan", "dev", "--detailed-exitcode")
    assert json.loads(record.read_text())["backend"]["config"]["path"] != str(tmp_path / "elsewhere.tfstate")


OUTSIDE = """
resource "terraform_data" "outside" {
  input = file("${path.root}/../../../../payload.json")
}
"""
# An envctl of before there was the rule.
OLDER = """
import sys
from envctl.cli.entry import run
from envctl.usecases.project import self_contained

self_contained.check_tree = self_contained.check_stored = lambda *_: None
sys.exit(run(sys.argv[1:]))
"""


def older(project: Project, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-c", OLDER, *words],
        cwd=project.root,
        env=project.build_environment(),
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=180,
    )


def test_code_that_reads_outside_enters_nowhere(tiny: Project) -> None:
    tiny.write("modules/base/main.tf", BASE + OUTSIDE)
    tiny.write("payload.json", "one")
    for words in (("validate",), ("plan", "dev"), ("--yes", "apply", "dev"), ("render", "dev")):
        ran = tiny.run("--json", *words)
        assert (ran.code, ran.codes) == (78, ["E123"])
        (problem,) = ran.document["problems"]
        assert (problem["file"], problem["line"]) == ("modules/base/main.tf", 20)
    tiny.write("modules/base/main.tf", BASE + OUTSIDE.replace("${path.root}/../../../../", "${path.module}/"))
    tiny.write("modules/base/payload.json", "one")
    tiny.run_checked("--yes", "apply", "dev")
    tiny.run_checked("--yes", "promote", "dev", "staging")
    assert resources(tiny, "staging")["outside"] == "one"


def test_a_release_that_reads_outside_goes_no_further(tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    tiny.write("modules/base/main.tf", BASE + OUTSIDE)
    tiny.write("payload.json", "one")
    older(tiny, "--yes", "apply", "dev")
    older(tiny, "--yes", "promote", "dev", "staging")
    assert resources(tiny, "staging")["outside"] == "one"
    tiny.write("payload.json", "two")
    before = entries(tiny)
    for words in (("promote", "dev", "staging"), ("apply", "staging")):
        ran = tiny.run("--yes", "--json", *words)
        assert (ran.code, ran.codes) == (78, ["E124"])
        assert "envctl apply dev" in ran.document["problems"][0]["hint"]
    assert entries(tiny) == before
    # What is there can still be looked at, gone back from and taken away.
    tiny.run_checked("output", "staging")
    assert tiny.run("drift", "staging").code in {0, 2}
    tiny.write("modules/base/main.tf", BASE)
    tiny.run_checked("--yes", "rollback", "dev")
    tiny.run_checked("--yes", "destroy", "staging")


OVERRIDES = (
    'provider_installation {\n  dev_overrides {\n    "example.com/acme/mine" = "/nowhere"\n  }\n  direct {}\n}\n'
)


def test_replaced_providers_prove_nothing(tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    rc = tiny.home / ".terraformrc"
    rc.write_text(OVERRIDES)
    before = entries(tiny)
    for code, words in ((78, ("--yes", "promote", "dev", "staging")), (1, ("drift", "dev"))):
        ran = tiny.run("--json", *words)
        assert (ran.code, ran.codes) == (code, ["E041"])
        (problem,) = ran.document["problems"]
        assert (problem["file"], problem["line"]) == (str(rc), 3)
    assert entries(tiny) == before
    tiny.write("modules/base/main.tf", BASE.replace('"two"\n', '"changed"\n'))
    ran = tiny.run_checked("--yes", "apply", "dev")
    assert "example.com/acme/mine" in ran.err
    assert "proves nothing" in ran.err
    rc.unlink()
    tiny.run_checked("verify", "dev")
    refused = tiny.run("--yes", "--json", "promote", "dev", "staging")
    assert (refused.code, refused.codes) == (3, ["G103"])
    tiny.run_checked("--yes", "apply", "dev")
    tiny.run_checked("--yes", "promote", "dev", "staging")


@pytest.mark.parametrize("hidden", ["relative", "home", "escaped"])
def test_hidden_overrides_are_refused(hidden: str, tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    tiny.run_checked("--yes", "promote", "dev", "staging")
    around = {"relative": ["TF_CLI_CONFIG_FILE=my.tfrc"], "home": ["HOME=at"], "escaped": []}[hidden]
    # Terraform works in the folder of a stack.
    for folder in (".envctl/work/staging/base", "."):
        tiny.write(f"{folder}/my.tfrc", OVERRIDES)
        tiny.write(f"{folder}/at/.terraformrc", OVERRIDES)
    if hidden == "escaped":
        document = {"provider_installation": [{"dev_overrides": [{"example.com/acme/mine": "/x"}], "direct": [{}]}]}
        (tiny.home / ".terraformrc").write_text(json.dumps(document).replace("dev_", "\\u0064ev_"))
    ran = tiny.run("--json", "plan", "staging", before=["env", *around])
    assert (ran.code, ran.codes) == (78, ["E041"])


def test_providers_that_run_already_are_refused(tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    running = '{"example.com/acme/mine": {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": 1, "Addr": {}}}'
    ran = tiny.run("--yes", "--json", "promote", "dev", "staging", TF_REATTACH_PROVIDERS=running)
    assert (ran.code, ran.codes) == (78, ["E041"])
    assert "unset TF_REATTACH_PROVIDERS" in ran.document["problems"][0]["hint"]


MUTED = """#!/bin/sh
[ "$1" = "{command}" ] && {{ {real} "$@" > /dev/null; exit 0; }}
exec {real} "$@"
"""


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_terraform_that_says_nothing_promotes_nothing(command: str, tiny: Project, tmp_path: Path) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    before = proofs(tiny)
    muted = tmp_path / "muted"
    muted.write_text(MUTED.format(command=command, real=shlex.join(find_embedded())))
    muted.chmod(0o755)
    ran = tiny.run("--yes", "--json", "promote", "dev", "staging", ENVCTL_TERRAFORM=str(muted))
    assert (ran.code, ran.codes) == (1, ["E354"])
    assert proofs(tiny) == before
    tiny.run_checked("--yes", "promote", "dev", "staging")


WRAPPED = """#!/bin/sh
command="$1"; shift
[ "$command" = plan ] && exec {real} plan {flag} "$@"
exec {real} "$command" "$@"
"""


@pytest.mark.parametrize("flag", ["-destroy", "-refresh-only"])
def test_a_terraform_with_own_flags_promotes_nothing(flag: str, tiny: Project, tmp_path: Path) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    before = proofs(tiny)
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(WRAPPED.format(flag=flag, real=shlex.join(find_embedded())))
    wrapper.chmod(0o755)
    # Nothing is there yet: neither of the two plans would change anything.
    ran = tiny.run("--yes", "--json", "promote", "dev", "staging", ENVCTL_TERRAFORM=str(wrapper))
    assert (ran.code, ran.codes) == (1, ["E369"])
    assert proofs(tiny) == before


def test_a_program_that_is_no_terraform_destroys_nothing(tiny: Project) -> None:
    tiny.run_checked("--yes", "apply", "dev")
    for words in (("plan", "dev"), ("drift", "dev"), ("--yes", "destroy", "dev")):
        ran = tiny.run("--json", *words, ENVCTL_TERRAFORM="/bin/true")
        assert (ran.code, ran.codes) == (1, ["E354"])


def proofs(project: Project) -> int:
    """How many deployments have got to their end."""
    files = (project.root / ".envctl" / "store" / "ledger").glob("*.json")
    return sum('"deployment succeeded"' in file.read_text() for file in files)
