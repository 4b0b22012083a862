"""What envctl refuses in the code of root modules that run as they are, with file and line."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Project

AWS = """
account_id = "{account}"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::{account}:role/deployer"
"""
PROJECT = f"""
[project]
name = "site"

[pipeline]
order = ["dev", "prod"]

[environments.dev]
{AWS.format(account="111111111111")}
[environments.prod]
{AWS.format(account="333333333333")}
[stacks.web]
root = "stacks/web"
"""
MAIN = """
resource "aws_sns_topic" "news" {
  name = "news"
}
"""
ALIAS = """
provider "aws" {
  alias = "other"
  %s
}
"""
NESTED = """
[providers.kubernetes]
host = "https://example.com"

[environments.prod.providers.kubernetes]
exec = { command = "aws" }
"""
KUBERNETES = """
terraform {
  required_providers {
    kubernetes = {
      source = "hashicorp/kubernetes"
    }
  }
}
"""
CASES: dict[str, tuple[dict[str, str], list[tuple[str, str, int | None]]]] = {
    "provider in an override file": (
        {"stacks/web/override.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n'},
        [("E151", "stacks/web/override.tf", 1)],
    ),
    "backend in an override file": (
        {"stacks/web/x_override.tf.json": '{"terraform": {"backend": {"s3": {}}}}'},
        [("E151", "stacks/web/x_override.tf.json", 1)],
    ),
    "loaded settings": ({"stacks/web/terraform.tfvars": ""}, [("E152", "stacks/web/terraform.tfvars", None)]),
    "loaded settings in JSON": (
        {"stacks/web/a.auto.tfvars.json": "{}"},
        [("E152", "stacks/web/a.auto.tfvars.json", None)],
    ),
    "name of a generated file": (
        {"stacks/web/zzz_envctl.tf": "{}"},
        [("E153", "stacks/web/zzz_envctl.tf", None)],
    ),
    "folder with the name of a generated file": (
        {"stacks/web/zzz_envctl.tf/a.txt": "{}"},
        [("E153", "stacks/web/zzz_envctl.tf", None)],
    ),
    "other case of a generated file": (
        {"stacks/web/ZZZ_envctl_override.tf.json": "{}"},
        [("E153", "stacks/web/ZZZ_envctl_override.tf.json", None)],
    ),
    "folder that envctl makes": (
        {"stacks/web/.plugins/a.txt": ""},
        [("E153", "stacks/web/.plugins", None)],
    ),
    "variable of envctl": (
        {"stacks/web/more.tf": 'variable "envctl_session" {\n  type = string\n}\n'},
        [("E153", "stacks/web/more.tf", 1)],
    ),
    "override file after that of envctl": (
        {"stacks/web/zzzz_override.tf": ""},
        [("E153", "stacks/web/zzzz_override.tf", None)],
    ),
    "code of OpenTofu": ({"stacks/web/more.tofu": ""}, [("E154", "stacks/web/more.tofu", None)]),
    "workspace": (
        {"stacks/web/names.tf": 'locals {\n  name = "x-${terraform.workspace}"\n}\n'},
        [("E155", "stacks/web/names.tf", 2)],
    ),
    "workspace in a module": (
        {
            "stacks/web/names.tf": 'module "m" {\n  source = "../../modules/m"\n}\n',
            "modules/m/main.tf": 'output "o" {\n  value = terraform.workspace\n}\n',
        },
        [("E155", "modules/m/main.tf", 2)],
    ),
    "region of another place": (
        {"stacks/web/aws.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n'},
        [("E156", "stacks/web/aws.tf", 1)],
    ),
    "region of a setting": (
        {
            "stacks/web/aws.tf": 'variable "where" {\n  default = "eu-west-1"\n}\n'
            'provider "aws" {\n  region = var.where\n}\n'
        },
        [("E158", "envctl.toml", 11), ("E158", "envctl.toml", 17)],
    ),
    "region of a local value": (
        {"stacks/web/aws.tf": 'locals {\n  r = "eu-west-1"\n}\nprovider "aws" {\n  region = local.r\n}\n'},
        [("E156", "stacks/web/aws.tf", 4)],
    ),
    "local state of another root": (
        {
            "stacks/web/s.tf": 'data "terraform_remote_state" "x" {\n  backend = "local"\n  config = {\n'
            '    path = "../net/terraform.tfstate"\n  }\n}\n'
        },
        [("E162", "stacks/web/s.tf", 4)],
    ),
    "alias in another account": (
        {"stacks/web/aws.tf": ALIAS % 'allowed_account_ids = ["999999999999"]'},
        [("E157", "stacks/web/aws.tf", 2)],
    ),
    "alias with an unknown role": (
        {
            "stacks/web/aws.tf": 'variable "r" {\n  default = ""\n}\n'
            + ALIAS % "assume_role {\n    role_arn = var.r\n  }"
        },
        [("E157", "stacks/web/aws.tf", 5)],
    ),
    "alias with another profile": (
        {"stacks/web/aws.tf": ALIAS % 'profile = "dns"'},
        [("E157", "stacks/web/aws.tf", 2)],
    ),
    "web identity": (
        {"stacks/web/aws.tf": 'provider "aws" {\n  assume_role_with_web_identity {\n    role_arn = "x"\n  }\n}\n'},
        [("E159", "stacks/web/aws.tf", 1)],
    ),
    "default tags of both": (
        {
            "envctl.toml": PROJECT + "default_tags = true\n",
            "stacks/web/aws.tf": 'provider "aws" {\n  default_tags {\n    tags = {}\n  }\n}\n',
        },
        [("E161", "stacks/web/aws.tf", 1)],
    ),
    "absolute path": (
        {"stacks/web/files.tf": 'locals {\n  a = file("/etc/hosts")\n}\n'},
        [("E123", "stacks/web/files.tf", 2)],
    ),
    "path outside the project": (
        {"stacks/web/files.tf": 'locals {\n  a = file("${path.root}/../../../x")\n}\n'},
        [("E123", "stacks/web/files.tf", 2)],
    ),
    "path that may be anything": (
        {"stacks/web/files.tf": 'variable "a" {\n  default = "x"\n}\nlocals {\n  a = file("../../${var.a}")\n}\n'},
        [("E123", "stacks/web/files.tf", 5)],
    ),
    "set with files of envctl": (
        {"stacks/web/files.tf": 'locals {\n  a = fileset(path.module, "*.tf")\n}\n'},
        [("E381", "stacks/web/files.tf", 2)],
    ),
    "set with settings of envctl": (
        {"stacks/web/files.tf": 'locals {\n  a = fileset("../web", "**.tfvars")\n}\n'},
        [("E381", "stacks/web/files.tf", 2)],
    ),
    "set with a record of envctl": (
        {"stacks/web/files.tf": 'locals {\n  a = fileset(".", ".i*")\n}\n'},
        [("E381", "stacks/web/files.tf", 2)],
    ),
    "set with the providers that need JSON": (
        {
            "envctl.toml": PROJECT + NESTED,
            "stacks/web/files.tf": 'locals {\n  a = fileset(path.module, "*.json")\n}\n' + KUBERNETES,
        },
        [("E381", "stacks/web/files.tf", 2)],
    ),
    "earlier state": (
        {"stacks/web/more.tf": 'terraform {\n  backend "s3" {\n    bucket = "x"\n  }\n}\n'},
        [("E163", "stacks/web/more.tf", 2)],
    ),
    "bucket of another environment": (
        {
            "envctl.toml": PROJECT + '[state]\nbackend = "s3"\nbucket = "states-of-{env}"\n',
            "stacks/web/more.tf": 'locals {\n  a = "states-of-dev"\n}\n',
        },
        [("E164", "stacks/web/more.tf", 2)],
    ),
    "provider block in a module": (
        {
            "stacks/web/m.tf": 'module "m" {\n  source = "../../modules/m"\n}\n',
            "modules/m/main.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n',
        },
        [("E213", "modules/m/main.tf", 1)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_code_is_refused_with_its_line(tmp_path: Path, home: Path, name: str) -> None:
    files, expected = CASES[name]
    project = Project(tmp_path / "site", home)
    for path, text in {"envctl.toml": PROJECT, "stacks/web/main.tf": MAIN, **files}.items():
        project.write(path, text)
    refused = project.run("validate", "--json")
    assert refused.code == 78, refused.out
    problems = refused.document["problems"]
    assert [(each["code"], each["file"], each["line"]) for each in problems] == expected, refused.out
    assert all(each["hint"] for each in problems)


def test_default_workspace_may_be_named(tmp_path: Path, home: Path) -> None:
    project = Project(tmp_path / "site", home)
    project.write("envctl.toml", f'{PROJECT}\n[state]\nworkspace = "default"\n')
    project.write("stacks/web/main.tf", MAIN.replace('"news"\n}', '"news-${terraform.workspace}"\n}'))
    project.run_checked("validate")


ACCEPTED = {
    "alias of the region alone": ALIAS % 'region = "us-east-1"',
    "alias with the role of the default": (
        'variable "r" {\n  default = ""\n}\nprovider "aws" {\n  assume_role {\n    role_arn = var.r\n  }\n}\n'
        + ALIAS % "assume_role {\n    role_arn = var.r\n  }"
    ),
    "own override of a resource": "",
    "region of the environment": 'provider "aws" {\n  region = "ap-northeast-1"\n}\n',
    "comment about a workspace": "# terraform.workspace\n",
    "comment about a backend": '# terraform {\n#   backend "s3" {}\n# }\n',
    "set of files in a folder": 'locals {\n  a = fileset("${path.module}/policies", "**")\n}\n',
    "set of other files": 'locals {\n  a = fileset(path.module, "{policies/*,*.txt}")\n}\n',
    "set of JSON": 'locals {\n  a = fileset(path.module, "*.json")\n}\n',
    "set of JSON in all folders": 'locals {\n  a = fileset(path.module, "**/*.{json,yaml}")\n}\n',
    "set of settings in JSON": 'locals {\n  a = fileset(path.module, "*.tfvars.json")\n}\n',
    "other state": 'data "terraform_remote_state" "x" {\n  backend = "s3"\n}\n',
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_code_is_accepted(tmp_path: Path, home: Path, name: str) -> None:
    project = Project(tmp_path / "site", home)
    project.write("envctl.toml", PROJECT)
    project.write("stacks/web/main.tf", MAIN)
    project.write("stacks/web/more.tf", ACCEPTED[name])
    project.write("stacks/web/a_override.tf", 'resource "aws_sns_topic" "news" {\n  name = "other"\n}\n')
    project.run_checked("validate")
    files = json.loads(project.run_checked("render", "prod", "--json").out)["result"]["files"]
    assert [path for path in files if path.endswith("zzz_envctl_override.tf")]
