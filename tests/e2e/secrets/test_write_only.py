"""Write-only arguments and ephemeral resources: a secret value reaches the provider, and no plan or state has it."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.e2e.conftest import BASE, CommandResult, Project
from tests.e2e.secrets import keep_provider
from tests.e2e.secrets.keep_provider import ADDRESS, TOKEN, VERSION
from tests.faults import python_provider
from tests.secret_search import find_secret

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
PLANTED = "planted-write-only-7f3a"
BLOCKS = """
terraform {
  required_providers {
    keep = { source = "acme/keep" }
  }
}

variable "file" {
  type = string
}

variable "password" {
  type      = string
  ephemeral = true
}

variable "password_version" {
  type    = number
  default = 1
}

resource "keep_secret" "this" {
  file             = "${path.root}/${var.file}"
  value_wo         = var.password
  value_wo_version = var.password_version
}

ephemeral "keep_token" "this" {}

resource "keep_secret" "token" {
  file     = "${path.root}/token-${var.file}"
  value_wo = ephemeral.keep_token.this.value
}
"""
# A root module may have no such output.
MODULE = f"""{BLOCKS}
output "token" {{
  value     = ephemeral.keep_token.this.value
  ephemeral = true
}}
"""


@pytest.fixture(params=keep_by_day(["module", "root"], "root"))
def keeping(request: pytest.FixtureRequest, small: Project, tmp_path: Path) -> Project:
    """Of the two stacks, top has write-only arguments: as a module, and as a root that stays as it is."""
    plugin = python_provider.add_package(tmp_path / "mirror", ADDRESS, VERSION)
    plugin.write_text(f"#!/bin/sh\nexec {python_provider.format_program(keep_provider)}\n", encoding="utf-8")
    plugin.chmod(0o755)
    variables = python_provider.write_configuration(tmp_path / "terraformrc", tmp_path / "mirror")
    small.write("modules/base/main.tf", BASE)
    small.write("code/top/main.tf", MODULE if request.param == "module" else BLOCKS)
    for environment in ("dev", "staging", "prod"):
        values = f'name = "{environment}-name"\nfile = "digest-{environment}"\n'
        small.write(f"environments/{environment}/terraform.tfvars", values)
    text = (small.root / "envctl.toml").read_text()
    text = text[: text.index("[stacks.top]")]
    values = '[secrets.values]\npassword = "env:DB_PASSWORD"\n'
    small.write("envctl.toml", f'{text}[stacks.top]\n{request.param} = "code/top"\n\n{values}')
    return replace(small, extra={**small.extra, **variables, "DB_PASSWORD": PLANTED})


def read_digest(project: Project, name: str) -> str:
    (found,) = (project.root / ".envctl" / "work").rglob(name)
    return found.read_text()


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_write_only_value_is_in_no_plan_and_no_state(keeping: Project) -> None:
    said = [keeping.run_checked("apply", "dev", "--yes")]
    assert read_digest(keeping, "digest-dev") == digest(PLANTED)
    assert read_digest(keeping, "token-digest-dev") == digest(TOKEN)
    said.append(keeping.run_checked("plan", "dev", "--detailed-exitcode"))
    said.append(keeping.run_checked("drift", "dev"))
    check_hidden(keeping, said)


def check_hidden(project: Project, said: Sequence[CommandResult]) -> None:
    assert not [ran for ran in said if PLANTED in ran.out + ran.err or TOKEN in ran.out + ran.err]
    assert find_secret(PLANTED, project.root, project.home) == []
    assert find_secret(TOKEN, project.root, project.home) == []


# By day, test_secret_values.py promotes an ephemeral variable.
@pytest.mark.night
def test_promotion_passes_write_only_values(keeping: Project) -> None:
    said = [keeping.run_checked("apply", "dev", "--yes"), keeping.run_checked("promote", "dev", "staging", "--yes")]
    assert read_digest(keeping, "digest-staging") == digest(PLANTED)
    check_hidden(keeping, said)


@pytest.mark.night
def test_rotated_write_only_value_needs_a_new_version(keeping: Project) -> None:
    keeping.run_checked("apply", "dev", "--yes")
    rotated = replace(keeping, extra={**keeping.extra, "DB_PASSWORD": "rotated-value"})
    assert rotated.run_checked("plan", "dev", "--detailed-exitcode").code == 0
    settings = keeping.root / "environments" / "dev" / "terraform.tfvars"
    settings.write_text(f"{settings.read_text()}password_version = 2\n")
    assert rotated.run("plan", "dev", "--detailed-exitcode").code == 2
    rotated.run_checked("apply", "dev", "--yes")
    assert read_digest(keeping, "digest-dev") == digest("rotated-value")
