"""Every module is valid with AWS provider 6. Only its schemas are here; what is applied is applied with 3.39."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tools import module_pages, provider_schema
from tools.provider_schema import VERSION

from envctl.adapters.hcl.module import read_module
from tests.faults.python_provider import add_package
from tests.modules.aws6 import provider

ROOT = Path(__file__).parents[2]
MODULES = module_pages.MODULES
NAMES = module_pages.names()

Terraform = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def unpacked_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror with the stand-in for provider 6, in place of the one with 3.39."""
    mirror = tmp_path_factory.mktemp("aws6")
    plugin = add_package(mirror, provider_schema.ADDRESS, VERSION)
    command = (sys.executable, provider.__file__, str(provider_schema.FILE))
    plugin.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n", encoding="utf-8")
    plugin.chmod(0o755)
    return mirror


@pytest.fixture
def run(terraform: tuple[str, ...], terraform_env: dict[str, str], tmp_path: Path) -> Terraform:
    def run(*arguments: str, folder: str = "") -> subprocess.CompletedProcess[str]:
        command = [*terraform, *arguments, "-no-color"]
        where = tmp_path / folder
        return subprocess.run(command, cwd=where, env=terraform_env, capture_output=True, text=True, check=False)

    return run


def faults(run: Terraform, folder: str = "", *, begin: bool = True) -> list[str]:
    """What is wrong with a root module, and where. It has to be initialised once."""
    if begin:
        begun = run("init", "-backend=false", folder=folder)
        assert begun.returncode == 0, f"{begun.stdout}{begun.stderr}"
    told = json.loads(run("validate", "-json", folder=folder).stdout)["diagnostics"]
    wrong = [each for each in told if each["severity"] == "error"]
    return [f"{each.get('range', {}).get('filename')}: {each['summary']}. {each['detail']}" for each in wrong]


def test_stored_schemas_match_the_used_types() -> None:
    written = json.loads(provider_schema.FILE.read_text(encoding="utf-8"))
    assert provider_schema.covered(written) == provider_schema.used(), "write them anew: make provider-schema"


def format_call(name: str) -> str:
    """Return a call of a module whose required variables are those of the root, of which nothing is known."""
    code = {path.name: path.read_bytes() for path in (MODULES / name).glob("*.tf")}
    required = [each.name for each in read_module(code, name).variables if not each.has_default]
    variables = [f'variable "{name}_{each}" {{}}\n' for each in required]
    arguments = [f"  {each} = var.{name}_{each}\n" for each in required]
    return "".join([*variables, f'module "{name}" {{\n  source = "./modules/{name}"\n', *arguments, "}\n"])


@pytest.mark.terraform
def test_all_modules_are_valid(run: Terraform, tmp_path: Path) -> None:
    """In one Terraform, whose provider reads the schemas once."""
    shutil.copytree(MODULES, tmp_path / "modules", ignore=shutil.ignore_patterns(".terraform*", "tests"))
    (tmp_path / "main.tf").write_text("".join(map(format_call, NAMES)))
    assert faults(run) == []
    broken = tmp_path / "modules" / NAMES[-1] / "main.tf"
    broken.write_text(f'{broken.read_text()}\nresource "aws_eip" "gone" {{\n  vpc = true\n}}\n')
    (found,) = faults(run, begin=False)
    assert found.startswith(f"modules/{NAMES[-1]}/main.tf: Unsupported argument")


@pytest.mark.night
@pytest.mark.terraform
@pytest.mark.parametrize("name", NAMES)
def test_module_is_valid(name: str, run: Terraform, tmp_path: Path) -> None:
    # The folder above is copied too, so that a module may use its neighbours.
    shutil.copytree(MODULES, tmp_path / "modules", ignore=shutil.ignore_patterns(".terraform*", "tests"))
    assert faults(run, f"modules/{name}") == []


@pytest.mark.terraform
def test_rendered_root_module_is_valid(run: Terraform, tmp_path: Path) -> None:
    """One holds the block of the provider as well as any other."""
    command = [sys.executable, "-m", "envctl", "--json", "render", "dev"]
    rendered = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    path, text = next(iter(json.loads(rendered.stdout)["result"]["files"].items()))
    shutil.copytree(MODULES, tmp_path / "dev" / ".code" / "modules", ignore=shutil.ignore_patterns("tests"))
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert {"default_tags", "assume_role"} <= json.loads(text)["provider"]["aws"].keys()
    assert faults(run, str(Path(path).parent)) == []


VALID = """
resource "aws_security_group" "rules_as_blocks" {
  ingress {
    protocol  = "tcp"
    from_port = 80
    to_port   = 80
  }
}
resource "aws_security_group" "no_rules" {
  ingress = []
}
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = aws_security_group.no_rules.arn
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = 1
  max_capacity       = "2"
  suspended_state {
    dynamic_scaling_in_suspended = true
  }
}
"""


@pytest.mark.terraform
def test_code_for_provider_6_is_valid(run: Terraform, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(VALID)
    assert faults(run) == []


EIP = 'resource "aws_eip" "this" {\n  %s\n}\n'
GROUP = """
resource "aws_autoscaling_group" "this" {
  min_size = 1
  max_size = 1
  tag {
    key   = "Name"
    value = "web"
  }
}
"""
POOL = """
variable "pool" {
  type = string
}
resource "aws_launch_template" "this" {
  block_device_mappings {
    ebs {
      volume_size = var.pool
    }
  }
  latest_version = var.pool
}
"""


UNSUPPORTED = {
    "an argument that 6 has no longer": (EIP % "vpc = true", 'An argument named "vpc" is not expected here'),
    "a block that there is not": (EIP % "filter {}", 'Blocks of type "filter" are not expected here'),
    "another type": (EIP % 'tags = "none"', "map of string required"),
    "a value for what only the provider gives": (EIP % 'arn = "arn:"', "aws_eip takes no value for arn"),
    "an attribute that 6 has no longer": (
        EIP % "" + 'output "this" {\n  value = aws_eip.this.vpc\n}',
        'exported attribute named "vpc"',
    ),
    "an argument of the provider that 6 has no longer": (
        EIP % "" + 'provider "aws" {\n  s3_force_path_style = true\n}',
        'named "s3_force_path_style" is not expected',
    ),
    "a value not known yet for what only the provider gives": (POOL, "aws_launch_template takes no value for latest"),
    "an argument of a block left out": (GROUP, 'The argument "propagate_at_launch" is required'),
    "a data source that 6 has no longer": ('data "aws_subnet_ids" "this" {}', 'support data source "aws_subnet_ids"'),
}


# By day one for each kind of answer: of an attribute, of the stand-in itself, of a data source.
BY_DAY = (
    "an argument that 6 has no longer",
    "a value not known yet for what only the provider gives",
    "a data source that 6 has no longer",
)


@pytest.mark.terraform
@pytest.mark.parametrize(
    "names",
    [pytest.param(BY_DAY, id="some"), pytest.param(tuple(UNSUPPORTED), id="all", marks=pytest.mark.night)],
)
def test_code_unsupported_by_provider_6_is_invalid(run: Terraform, tmp_path: Path, names: tuple[str, ...]) -> None:
    for what in names:
        code, fault = UNSUPPORTED[what]
        (tmp_path / "main.tf").write_text(code)
        (found,) = faults(run, begin=what == names[0])
        assert fault in found, what


@pytest.mark.terraform
def test_module_for_older_provider_is_refused(run: Terraform, tmp_path: Path) -> None:
    source = (MODULES / "vpc" / "versions.tf").read_text(encoding="utf-8")
    (tmp_path / "versions.tf").write_text(source.replace('">= 3.39"', '"~> 5.0"'))
    begun = run("init")
    assert begun.returncode == 1
    assert "no available releases match" in begun.stderr


@pytest.mark.terraform
def test_stand_in_provider_can_not_plan(run: Terraform, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_eip" "this" {}')
    assert faults(run) == []
    planned = run("plan")
    assert planned.returncode == 1
    assert "this provider has nothing but schemas" in planned.stderr
