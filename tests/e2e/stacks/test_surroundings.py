"""What surrounds envctl changes no plan: flags and variables of Terraform, and files planted in the working folder."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.process.binary import find_embedded
from tests import provider_start, warm
from tests.e2e.conftest import PreparedProjects, Project
from tests.e2e.project_text import OPEN, render_project

pytestmark = pytest.mark.terraform

TOML = render_project("tiny", {"base": ""}, gates={"staging": OPEN})
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


def write_tiny(root: Path, home: Path) -> Project:
    project = Project(root, home)
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", BASE)
    return project


def apply_tiny(root: Path, home: Path) -> Project:
    project = write_tiny(root, home)
    project.run_checked("--yes", "apply", "dev")
    return project


@pytest.fixture
def tiny(tmp_path: Path, home: Path) -> Project:
    return write_tiny(tmp_path / "tiny", home)


@pytest.fixture
def in_dev(prepared: PreparedProjects) -> Project:
    """It runs in dev."""
    return prepared.restore(apply_tiny)


def entries(project: Project) -> int:
    return len(list((project.root / ".envctl/store/ledger").glob("*.json")))


def resources(project: Project, environment: str) -> dict[str, object]:
    """By name, what the state of the stack holds; empty without a state."""
    state = project.root / ".envctl/state" / environment / "base.tfstate"
    if not state.exists():
        return {}
    found = json.loads(state.read_text())["resources"]
    return {each["name"]: each["instances"][0]["attributes"]["input"]["value"] for each in found}


FLAGS = {
    "-refresh-only": ("TF_CLI_ARGS_plan", "-refresh-only"),
    "-target": ("TF_CLI_ARGS_plan", "-target=module.base.terraform_data.one"),
    "-exclude": ("TF_CLI_ARGS", '"--exclude=module.base.terraform_data.one"'),
    "-backend-config": ("TF_CLI_ARGS_init", "-backend-config=path=/tmp/elsewhere"),
    "-state": ("TF_CLI_ARGS_apply", "-parallelism=2 -state elsewhere"),
}


def test_flags_can_not_promote_a_part(in_dev: Project) -> None:
    before = entries(in_dev)
    for flag, (variable, value) in FLAGS.items():
        around: dict[str, Any] = {variable: value}
        ran = in_dev.run("--yes", "--json", "promote", "dev", "staging", **around)
        assert (ran.code, ran.codes) == (64, ["E040"]), flag
        assert f"{variable} holds {flag}:" in ran.document["problems"][0]["message"]
    assert entries(in_dev) == before
    assert not resources(in_dev, "staging")


@pytest.mark.night
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
        assert ran.err.count(f"{name} is set, but ignored: ") == 1
    assert "TF_INPUT" not in ran.err
    assert not (tmp_path / "data").exists()


PLANTED = {
    ".terraform/environment": "other",
    "terraform.tfvars": "size = 9\n",
    "nine.auto.tfvars.json": '{"size": 9}',
    "main_override.tf": 'module "base" {\n  size = 9\n}\n',
    "more.tf.json": '{"resource": {"terraform_data": {"planted": {"input": 9}}}}',
}


def test_planted_files_change_nothing(in_dev: Project) -> None:
    folder = ".envctl/work/dev/base"
    for planted, text in PLANTED.items():
        in_dev.write(f"{folder}/{planted}", text)
        ran = in_dev.run_checked("plan", "dev", "--detailed-exitcode")
        assert f"removed {(in_dev.root / folder).resolve()}/{planted}: " in ran.err
        assert not (in_dev.root / folder / planted).exists()
    for planted, text in PLANTED.items():
        in_dev.write(f"{folder}/{planted}", text)
    in_dev.write("modules/base/main.tf", BASE.replace('"two"\n', '"changed"\n'))
    in_dev.run_checked("--yes", "apply", "dev")
    assert resources(in_dev, "dev") == {"one": 1, "two": "changed"}
    assert not (in_dev.root / ".envctl/state/dev/base.tfstate.d").exists()


def test_a_planted_record_of_the_backend_changes_nothing(in_dev: Project, tmp_path: Path) -> None:
    record = in_dev.root / ".envctl/work/dev/base/.terraform/terraform.tfstate"
    planted = json.loads(record.read_text())
    planted["backend"]["config"]["path"] = str(tmp_path / "elsewhere.tfstate")
    record.write_text(json.dumps(planted))
    in_dev.run_checked("plan", "dev", "--detailed-exitcode")
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
from envctl.usecases.project import module_checks

module_checks.check_tree_reads = module_checks.check_stored_reads = lambda *_: None
sys.exit(run(sys.argv[1:]))
"""


def older(project: Project, *words: str) -> None:
    environment = project.build_environment()
    ran = warm.run_code(OLDER, provider_start.add_options(words), project.root, environment, 180)
    assert ran.returncode == 0, ran.stderr


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


@pytest.mark.night
def test_a_release_that_reads_outside_goes_no_further(in_dev: Project) -> None:
    in_dev.write("modules/base/main.tf", BASE + OUTSIDE)
    in_dev.write("payload.json", "one")
    older(in_dev, "--yes", "apply", "dev")
    older(in_dev, "--yes", "promote", "dev", "staging")
    assert resources(in_dev, "staging")["outside"] == "one"
    in_dev.write("payload.json", "two")
    before = entries(in_dev)
    for words in (("promote", "dev", "staging"), ("apply", "staging")):
        ran = in_dev.run("--yes", "--json", *words)
        assert (ran.code, ran.codes) == (78, ["E124"])
        assert "envctl apply dev" in ran.document["problems"][0]["hint"]
    assert entries(in_dev) == before
    # What is there can still be looked at, gone back from and taken away.
    in_dev.run_checked("output", "staging")
    assert in_dev.run("drift", "staging").code in {0, 2}
    in_dev.write("modules/base/main.tf", BASE)
    in_dev.run_checked("--yes", "rollback", "dev")
    in_dev.run_checked("--yes", "destroy", "staging")


OVERRIDES = (
    'provider_installation {\n  dev_overrides {\n    "example.com/acme/mine" = "/nowhere"\n  }\n  direct {}\n}\n'
)


def test_replaced_providers_prove_nothing(in_dev: Project) -> None:
    rc = in_dev.home / ".terraformrc"
    rc.write_text(OVERRIDES)
    before = entries(in_dev)
    for code, words in ((78, ("--yes", "promote", "dev", "staging")), (1, ("drift", "dev"))):
        ran = in_dev.run("--json", *words)
        assert (ran.code, ran.codes) == (code, ["E041"])
        (problem,) = ran.document["problems"]
        assert (problem["file"], problem["line"]) == (str(rc), 3)
    assert entries(in_dev) == before
    in_dev.write("modules/base/main.tf", BASE.replace('"two"\n', '"changed"\n'))
    ran = in_dev.run_checked("--yes", "apply", "dev")
    assert "example.com/acme/mine" in ran.err
    assert "deployments with it can't be verified" in ran.err
    rc.unlink()
    in_dev.run_checked("verify", "dev")
    refused = in_dev.run("--yes", "--json", "promote", "dev", "staging")
    assert (refused.code, refused.codes) == (3, ["G103"])
    in_dev.run_checked("--yes", "apply", "dev")
    in_dev.run_checked("--yes", "promote", "dev", "staging")


def test_hidden_overrides_are_refused(in_dev: Project) -> None:
    in_dev.run_checked("--yes", "promote", "dev", "staging")
    # Terraform works in the folder of a stack.
    for folder in (".envctl/work/staging/base", "."):
        in_dev.write(f"{folder}/my.tfrc", OVERRIDES)
        in_dev.write(f"{folder}/at/.terraformrc", OVERRIDES)
    places: list[dict[str, Any]] = [{"TF_CLI_CONFIG_FILE": "my.tfrc"}, {"HOME": "at"}]
    for around in places:
        ran = in_dev.run("--json", "plan", "staging", **around)
        assert (ran.code, ran.codes) == (78, ["E041"]), around
    document = {"provider_installation": [{"dev_overrides": [{"example.com/acme/mine": "/x"}], "direct": [{}]}]}
    (in_dev.home / ".terraformrc").write_text(json.dumps(document).replace("dev_", "\\u0064ev_"))
    ran = in_dev.run("--json", "plan", "staging")
    assert (ran.code, ran.codes) == (78, ["E041"]), "escaped"


def test_providers_that_run_already_are_refused(in_dev: Project) -> None:
    running = '{"example.com/acme/mine": {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": 1, "Addr": {}}}'
    ran = in_dev.run("--yes", "--json", "promote", "dev", "staging", TF_REATTACH_PROVIDERS=running)
    assert (ran.code, ran.codes) == (78, ["E041"])
    assert "unset TF_REATTACH_PROVIDERS" in ran.document["problems"][0]["hint"]


MUTED = """#!/bin/sh
[ "$1" = "{command}" ] && {{ {real} "$@" > /dev/null; exit 0; }}
exec {real} "$@"
"""


def test_a_terraform_that_says_nothing_promotes_nothing(in_dev: Project, tmp_path: Path) -> None:
    before = proofs(in_dev)
    muted = tmp_path / "muted"
    for command in ("plan", "apply"):
        muted.write_text(MUTED.format(command=command, real=shlex.join(find_embedded())))
        muted.chmod(0o755)
        ran = in_dev.run("--yes", "--json", "promote", "dev", "staging", ENVCTL_TERRAFORM=str(muted))
        assert (ran.code, ran.codes) == (1, ["E354"]), command
        assert proofs(in_dev) == before
    in_dev.run_checked("--yes", "promote", "dev", "staging")


WRAPPED = """#!/bin/sh
command="$1"; shift
[ "$command" = plan ] && exec {real} plan {flag} "$@"
exec {real} "$command" "$@"
"""


def test_a_terraform_with_own_flags_promotes_nothing(in_dev: Project, tmp_path: Path) -> None:
    before = proofs(in_dev)
    wrapper = tmp_path / "wrapper"
    for flag in ("-destroy", "-refresh-only"):
        wrapper.write_text(WRAPPED.format(flag=flag, real=shlex.join(find_embedded())))
        wrapper.chmod(0o755)
        # Nothing is there yet: neither of the two plans would change anything.
        ran = in_dev.run("--yes", "--json", "promote", "dev", "staging", ENVCTL_TERRAFORM=str(wrapper))
        assert (ran.code, ran.codes) == (1, ["E369"]), flag
        assert proofs(in_dev) == before


def test_a_program_that_is_no_terraform_destroys_nothing(in_dev: Project) -> None:
    for words in (("plan", "dev"), ("drift", "dev"), ("--yes", "destroy", "dev")):
        ran = in_dev.run("--json", *words, ENVCTL_TERRAFORM="/bin/true")
        assert (ran.code, ran.codes) == (1, ["E354"])


def proofs(project: Project) -> int:
    """How many deployments have got to their end."""
    files = (project.root / ".envctl" / "store" / "ledger").glob("*.json")
    return sum('"deployment succeeded"' in file.read_text() for file in files)
