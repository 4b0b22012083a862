"""A repository with Terraform, as companies have them, and the commands that its people type."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.terraform.process.binary import find_embedded
from tests.e2e.conftest import ACCOUNTS, REGION

MAIN = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 3.0"
    }
  }
  backend "s3" {}
}

variable "environment" {
  type = string
}

variable "retention_days" {
  type = number
}

variable "db_password" {
  type      = string
  sensitive = true
}

provider "aws" {
  region = "REGION"
  default_tags {
    tags = { Owner = "acme" }
  }
}

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
}

module "files" {
  source         = "../modules/files"
  name           = "acme-files-${var.environment}"
  retention_days = var.retention_days
}

resource "aws_sns_topic" "alerts" {
  name = "alerts-${var.environment}"
  tags = { Environment = var.environment }
}

resource "aws_sns_topic" "billing" {
  provider = aws.us_east_1
  name     = "billing-${var.environment}"
}

resource "aws_ssm_parameter" "db_password" {
  name  = "/acme/${var.environment}/db"
  type  = "SecureString"
  value = var.db_password
}

resource "aws_security_group" "web" {
  name = "web-${var.environment}"
}

# A rule beside its group: the state of the group learns of it by a refresh only.
resource "aws_security_group_rule" "web" {
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8"]
  security_group_id = aws_security_group.web.id
}
""".replace("REGION", REGION)
MODULE = """
variable "name" {
  type = string
}

variable "retention_days" {
  type = number
}

resource "aws_s3_bucket" "this" {
  bucket = var.name
  lifecycle_rule {
    enabled = true
    expiration {
      days = var.retention_days
    }
  }
}
"""

# Each environment has its own copy of this, with its name in the code.
FOLDER = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 3.0"
    }
  }
  backend "s3" {}
}

provider "aws" {
  region = "REGION"
}

variable "retention_days" {
  type = number
}

resource "aws_s3_bucket" "files" {
  bucket = "acme-files-${local.env}"
  lifecycle_rule {
    enabled = true
    expiration {
      days = var.retention_days
    }
  }
}
""".replace("REGION", REGION)
TOPIC = """
resource "aws_sns_topic" "alerts" {
  name = "alerts-${local.env}"
}
"""
DAYS = dict(zip(ACCOUNTS, (7, 30, 365), strict=True))
PASSWORD = "correct-horse"


@dataclass(frozen=True)
class Repository:
    """`root` is the folder in which Terraform runs for an environment; `state` is the key of its state, and `options`
    are what its people type after `apply`. In all of them `{env}` is the environment.
    """

    files: Mapping[str, str]
    root: str
    state: str
    options: tuple[str, ...] = ()


ONE_ROOT = Repository(
    {
        "live/main.tf": MAIN,
        "modules/files/main.tf": MODULE,
        **{
            f"config/{name}.tfvars": f'environment    = "{name}"\nretention_days = {days}\n'
            for name, days in DAYS.items()
        },
    },
    root="live",
    state="live/terraform.tfstate",
    options=("-var-file=../config/{env}.tfvars", f"-var=db_password={PASSWORD}"),
)
FOLDERS = Repository(
    {
        f"environments/{name}/{file}": text
        for name, days in DAYS.items()
        for file, text in {
            "main.tf": FOLDER,
            "alerts.tf": TOPIC,
            "names.tf": f'locals {{\n  env = "{name}"\n}}\n',
            "terraform.tfvars": f"retention_days = {days}\n",
        }.items()
    },
    root="environments/{env}",
    state="{env}/web.tfstate",
)
PROJECT = """
[project]
name = "acme"

[pipeline]
order = ["dev", "staging", "prod"]

[state]
backend = "s3"
bucket = "acme-states-{env}"

[stacks.old]
module = "old"
"""


def to_project_text(environment: str, accounts: Mapping[str, str]) -> str:
    """Return a project file with which envctl lets plain Terraform into the accounts."""
    tables = (environment.format(name=name, account=number, region=REGION) for name, number in accounts.items())
    return PROJECT + "".join(tables)


def install_terraform(folder: Path) -> str:
    """Install the embedded Terraform as a program, and return its path."""
    folder.mkdir(exist_ok=True)
    program = folder / "terraform"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(find_embedded())} "$@"\n')
    program.chmod(0o755)
    return os.fspath(program)


def list_commands(repository: Repository, environment: str) -> Iterator[Iterable[str]]:
    """Yield the commands, without the program, that make the state of an environment."""
    place = {
        "bucket": f"acme-states-{environment}",
        "key": repository.state.format(env=environment),
        "region": REGION,
    }
    there = f"-chdir={repository.root.format(env=environment)}"
    yield there, "init", "-input=false", *(f"-backend-config={key}={value}" for key, value in place.items())
    yield (
        there,
        "apply",
        "-auto-approve",
        "-input=false",
        *(each.format(env=environment) for each in repository.options),
    )
