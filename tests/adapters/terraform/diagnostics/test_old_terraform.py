"""A Terraform that is too old for the code is named with its version, and with the one that is needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.terraform.diagnostics.failures import to_terraform_error
from envctl.adapters.terraform.diagnostics.old_terraform import OLD_USAGE
from envctl.adapters.terraform.process import json_events
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import EnvctlError, Location, MisconfiguredMachineError
from envctl.domain.terraform.workdir_names import CODE_FOLDER
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench

SITE = Site("dev", PreparedStack("web"), Path("/nowhere/dev/web"))
ACTION = 'Blocks of type "action" are not expected here.'
TRIGGER = 'Blocks of type "action_trigger" are not expected here.'
RESOURCE = 'resource "aws_instance" "a"'
IMPORT = 'An import block was detected in "module.m". Import blocks are only allowed in the root module.'
EXCLUDED = "{} does not support {} version {}. To proceed, either choose another supported version or update this."
WRITE_ONLY = "Write-only attributes are only supported in Terraform 1.11 and later."


def argument(name: str) -> str:
    return f'An argument named "{name}" is not expected here.'


def diagnose(detail: str, context: str | None = None, code: str = "", summary: str = "Unsupported") -> dict[str, Any]:
    place = {"filename": f"../{CODE_FOLDER}/modules/web/main.tf", "start": {"line": 3}}
    snippet = {"context": context, "code": code}
    return {"severity": "error", "summary": summary, "detail": detail, "range": place, "snippet": snippet}


def fail(*diagnostics: dict[str, Any], version: str = "1.9.8", command: str = "init", errors: str = "") -> EnvctlError:
    transcript = Transcript(version=version)
    for each in diagnostics:
        line = json.dumps({"type": "diagnostic", "diagnostic": each})
        json_events.record_line(line, SITE.stack, transcript)
    return to_terraform_error(ProcessResult(code=1, errors=errors, interrupted=False), transcript, SITE, command)


NEEDS = {
    "ephemeral resources": (diagnose('Blocks of type "ephemeral" are not expected here.'), "1.10"),
    "ephemeral variables or outputs": (diagnose(argument("ephemeral"), 'variable "x"'), "1.10"),
    "write-only arguments": (diagnose(WRITE_ONLY, RESOURCE), "1.11"),
    "imports by identity": (diagnose(argument("identity"), "import"), "1.12"),
    "actions": (diagnose(ACTION), "1.14"),
    "deprecated variables or outputs": (diagnose(argument("deprecated"), 'output "x"'), "1.15"),
    "constant variables": (diagnose(argument("const"), 'variable "x"'), "1.15"),
    "outputs with a type": (diagnose(argument("type"), 'output "x"'), "1.15"),
    "import blocks in modules": (diagnose(IMPORT), "1.16"),
    "stores of terraform_data": (
        diagnose('Blocks of type "store" are not expected here.', 'resource "terraform_data" "t"'),
        "1.16",
    ),
}


@pytest.mark.parametrize("name", NEEDS)
def test_old_terraform_is_named_with_needed_version(name: str) -> None:
    diagnostic, least = NEEDS[name]
    error = fail(diagnostic)
    assert isinstance(error, MisconfiguredMachineError)
    (problem,) = error.problems
    assert problem.code == "E357"
    assert problem.message == f"web uses {name}, which need Terraform {least} or newer: Terraform 1.9.8 is installed"
    assert problem.location == Location("modules/web/main.tf", 3)
    assert "envctl doctor" in problem.hint


UNKNOWN = {
    "a version that knows it": (diagnose(ACTION), "1.14.0", "init"),
    "OpenTofu, which has other versions": (diagnose(ACTION), "", "init"),
    "a nested block of that name": (diagnose(ACTION, RESOURCE), "1.9.8", "init"),
    "an argument of a resource": (diagnose(argument("deprecated"), RESOURCE), "1.9.8", "init"),
    "an apply, which has loaded the code": (diagnose(ACTION), "1.9.8", "apply"),
    "a block of a resource of the team": (
        diagnose('Blocks of type "store" are not expected here.', RESOURCE),
        "1.9.8",
        "init",
    ),
}


@pytest.mark.parametrize(("diagnostic", "version", "command"), UNKNOWN.values(), ids=UNKNOWN)
def test_other_errors_stay_as_they_are(diagnostic: dict[str, Any], version: str, command: str) -> None:
    (problem,) = fail(diagnostic, version=version, command=command).problems
    assert problem.code == "E305"


EXCLUSIONS = {
    "a root module": ("This configuration", "Terraform", '  required_version = ">= 1.14"', ">= 1.14"),
    "a module": ("Module module.m (from ./m)", "Terraform", 'required_version="~> 1.15.0"', "~> 1.15.0"),
    "JSON": ("This configuration", "Terraform", '{"terraform": {"required_version": "< 1.5"}}', "< 1.5"),
    "OpenTofu says so itself": ("This configuration", "OpenTofu", 'required_version = ">= 1.14"', ">= 1.14"),
}


@pytest.mark.parametrize(("subject", "program", "code", "wanted"), EXCLUSIONS.values(), ids=EXCLUSIONS)
def test_excluded_version_is_named_with_the_constraint(subject: str, program: str, code: str, wanted: str) -> None:
    diagnostic = diagnose(EXCLUDED.format(subject, program, "1.11.4"), "terraform", code)
    (problem,) = fail(diagnostic, version="").problems
    assert problem.code == "E357"
    assert problem.message == f"web requires {program} {wanted}: {program} 1.11.4 is installed"


def test_excluded_version_without_constraint_stays_an_error() -> None:
    (problem,) = fail(diagnose(EXCLUDED.format("This configuration", "Terraform", "1.11.4"), "terraform")).problems
    assert problem.code == "E305"


def test_need_is_named_once_without_what_follows() -> None:
    follows = {"severity": "error", "summary": "Terraform encountered problems during initialisation"}
    (problem,) = fail(diagnose(ACTION), diagnose(TRIGGER, RESOURCE), diagnose(ACTION), follows).problems
    assert "actions" in problem.message


def test_terraform_without_json_init_is_too_old() -> None:
    (problem,) = fail(errors=f"{OLD_USAGE} [options]\n", version="1.5.7").problems
    assert problem.code == "E357"
    assert problem.message == "envctl needs Terraform 1.10 or newer: Terraform 1.5.7 is installed"


OLD = """#!/bin/sh
case "$1" in version) echo '{"terraform_version": "1.5.7"}'; exit ;; esac
echo "Usage: terraform [global options] init [options]" >&2
exit 1
"""


def test_init_asks_an_old_terraform_for_its_version(bench: Bench) -> None:
    program = bench.root / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(OLD)
    program.chmod(0o755)
    with pytest.raises(MisconfiguredMachineError, match=r"needs Terraform 1\.10 or newer: Terraform 1\.5\.7 is"):
        bench.plan(bench.lay('resource "terraform_data" "t" {}\n'))


@pytest.mark.terraform
def test_real_terraform_excluded_by_a_module_is_named(bench: Bench) -> None:
    code = 'terraform {\n  required_version = ">= 9.1"\n}\n'
    with pytest.raises(MisconfiguredMachineError, match=r"web requires Terraform >= 9\.1: Terraform 1\.") as raised:
        bench.plan(bench.lay(code))
    assert raised.value.problems[0].location == Location("modules/web/main.tf", 2)
