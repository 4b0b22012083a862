"""The providers that a module requires, with the aliases that its caller passes."""

import pytest

from envctl.adapters.hcl.required_providers import read_required_providers

HCL = b"""
terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      configuration_aliases = [aws.us_east_1, aws.dns] # both
    }
    random  = "~> 3.0"
    datadog = { source = "DataDog/datadog" }
  }
}

provider "aws" {
  alias  = "own"
  region = "us-east-1"
}
provider "http" {}
"""
JSON = b"""{
  "terraform": [{"required_providers": {"aws": {"source": "hashicorp/aws", "configuration_aliases": ["aws.a"]}}}],
  "provider": {"aws": [{"alias": "own"}, {}]}
}"""


def read(**files: bytes) -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]:
    found = read_required_providers({name.replace("__", "."): data for name, data in files.items()}, "modules/web")
    return {each.name: (each.source, each.aliases, each.configured) for each in found}


def test_aliases_of_code_are_read() -> None:
    assert read(main__tf=HCL) == {
        "aws": ("hashicorp/aws", ("aws.us_east_1", "aws.dns"), ("aws.own",)),
        "datadog": ("DataDog/datadog", (), ()),
        "http": ("", (), ()),
        "random": ("", (), ()),
    }


def test_aliases_of_json_are_read() -> None:
    assert read(main__tf__json=JSON) == {"aws": ("hashicorp/aws", ("aws.a",), ("aws.own",))}


def test_override_replaces_an_entry() -> None:
    over = HCL.replace(b"aws.us_east_1, aws.dns", b"aws.other")
    assert read(versions__tf=HCL, override__tf=over)["aws"] == ("hashicorp/aws", ("aws.other",), ("aws.own",))


@pytest.mark.parametrize("data", [b"", b"terraform {", b"# provider\n", b"\xff provider"])
def test_other_text_has_none(data: bytes) -> None:
    assert read(main__tf=data) == {}
