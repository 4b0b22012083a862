"""The files beside a root module are in HCL, wherever HCL can say what the documents say."""

import json
from typing import Any

import pytest

from envctl.domain.terraform.generated_files import GeneratedFiles, list_json_providers
from envctl.domain.terraform.workdir_names import (
    DECLARATIONS_FILE,
    JSON_OVERRIDE_FILE,
    OVERRIDE_FILE,
    SETTINGS_FILE,
)

ROLE = {"role_arn": "arn:aws:iam::111111111111:role/x", "session_name": "${var.envctl_session}"}
OVERRIDE: dict[str, Any] = {
    "terraform": {"backend": {"s3": {"bucket": "b", "assume_role": ROLE, "encrypt": True}}},
    "provider": {
        "aws": [
            {"region": "eu-west-1", "assume_role": [ROLE], "default_tags": [{"tags": {"a b": "$${c}"}}]},
            {"alias": "dns", "allowed_account_ids": ["1", "2"], "profile": None},
        ],
        "awscc": {"assume_role": ROLE},
    },
    "data": {"terraform_remote_state": {"net": {"config": '${merge({"a": 1}, {\n  b = 2\n})}'}}},
    "variable": {"peer": {"sensitive": True}, "any": {"type": "any"}},
}
KINDS = {"aws": "aws", "awscc": "awscc"}
WRITTEN = """\
terraform {
  backend "s3" {
    assume_role = { role_arn = "arn:aws:iam::111111111111:role/x", session_name = var.envctl_session }
    bucket      = "b"
    encrypt     = true
  }
}

provider "aws" {
  assume_role {
    role_arn     = "arn:aws:iam::111111111111:role/x"
    session_name = var.envctl_session
  }
  default_tags {
    tags = { "a b" = "$${c}" }
  }
  region = "eu-west-1"
}

provider "aws" {
  alias               = "dns"
  allowed_account_ids = ["1", "2"]
  profile             = null
}

provider "awscc" {
  assume_role = { role_arn = "arn:aws:iam::111111111111:role/x", session_name = var.envctl_session }
}

data "terraform_remote_state" "net" {
  config = merge({"a": 1}, {
  b = 2
})
}

variable "any" {
  type = any
}

variable "peer" {
  sensitive = true
}
"""


def test_override_is_in_hcl() -> None:
    files = GeneratedFiles(OVERRIDE, kinds=KINDS).encode()
    assert files[OVERRIDE_FILE].decode() == WRITTEN
    assert files.keys() == {OVERRIDE_FILE}


def test_declarations_and_settings_are_in_hcl() -> None:
    declared = {
        "terraform": {"required_version": ">= 1.10"},
        "moved": [{"from": "module.x.aws_vpc.a", "to": 'aws_vpc.a["k"]'}],
        "variable": {"envctl_session": {"type": "string", "default": "envctl"}},
    }
    files = GeneratedFiles(declarations=declared, settings={"b": ["${x}", None], "a": {"k": 1.5}}).encode()
    assert files[DECLARATIONS_FILE].decode() == (
        'terraform {\n  required_version = ">= 1.10"\n}\n\n'
        'moved {\n  from = module.x.aws_vpc.a\n  to   = aws_vpc.a["k"]\n}\n\n'
        'variable "envctl_session" {\n  type    = string\n  default = "envctl"\n}\n'
    )
    assert files[SETTINGS_FILE].decode() == 'a = { k = 1.5 }\nb = ["$${x}", null]\n'
    assert OVERRIDE_FILE not in files


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        pytest.param("kubernetes", {"exec": {"command": "aws"}}, id="table of an unknown provider"),
        pytest.param("helm", {"registry": [{"url": "oci://x"}]}, id="tables of an unknown provider"),
        pytest.param("google", {"batching": []}, id="no tables of an unknown provider"),
        pytest.param("aws", {"ignored": {"a": "b"}}, id="unknown table of a known provider"),
        pytest.param("aws", {"a b": 1}, id="a key that is no name"),
    ],
)
def test_table_of_unknown_form_stays_json(name: str, keys: dict[str, object]) -> None:
    override = {"provider": {name: keys, "local": {"path": "x"}}}
    files = GeneratedFiles(override, kinds=KINDS).encode()
    assert json.loads(files[JSON_OVERRIDE_FILE]) == {"provider": {name: keys}}
    assert files[OVERRIDE_FILE] == b'provider "local" {\n  path = "x"\n}\n'
    assert list_json_providers(override, KINDS) == (name,)


def test_backend_of_unknown_form_stays_json() -> None:
    backend = {"terraform": {"backend": {"cos": {"assume_role": {"role_arn": "x"}}}}}
    assert json.loads(GeneratedFiles(backend).encode()[JSON_OVERRIDE_FILE]) == backend


def test_same_documents_give_same_bytes() -> None:
    files = GeneratedFiles(OVERRIDE, settings={"b": 1, "a": 2}, kinds=KINDS).encode()
    turned = {name: dict(reversed(table.items())) for name, table in reversed(OVERRIDE.items())}
    assert GeneratedFiles(turned, settings={"a": 2, "b": 1}, kinds=KINDS).encode() == files
