from dataclasses import asdict

import pytest

from envctl.adapters.hcl.code_folders import parse_code
from envctl.adapters.hcl.module import read_module, read_module_calls
from envctl.adapters.hcl.source import load_source
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.variables import ModuleCall, ModuleInterface, Output, Variable

VARIABLES = b"""
variable "ports" {
  type = object({
    # not } the end
    http = number
    more = optional(list(number), [8080])
  })
  default     = { http = "80" }
  description = <<-E
    Where it listens
  E
  nullable    = false

  validation {
    condition     = var.ports.http > 0 && length(regexall("x", "x")) > 0
    error_message = "Not ${var.ports.http}."
  }
}

variable "token" {
  type      = string
  sensitive = true
}

variable "free" {}

variable "computed" {
  type    = number
  default = 1 + 1e3
}
"""
MAIN = b"""
module "inner" {
  source   = "../inner"
  for_each = { for name, port in var.ports : name => port if port != 1e3 }
}

resource "aws_x" "y" {
  dynamic "z" {
    for_each = var.ports
    content { port = z.value }
  }
}

output "address" {
  value       = "$$${aws_x.y.address}"
  description = "Where it is"
  sensitive   = true
}
"""


def module(**files: bytes) -> ModuleInterface:
    return read_module({name.replace("__", "."): data for name, data in files.items()}, "modules/app")


def problems_of(**files: bytes) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        module(**files)
    return list(caught.value.problems)


def test_a_module_is_read_with_its_lines() -> None:
    found = module(main__tf=MAIN, variables__tf=VARIABLES, README__md=b"# app")
    place = "modules/app/variables.tf"
    assert found.variables == (
        Variable(
            name="ports",
            type_text="object({http = number, more = optional(list(number), [8080])})",
            has_default=True,
            default={"http": 80, "more": [8080]},
            nullable=False,
            sensitive=False,
            description="Where it listens\n",
            location=Location(place, 2),
        ),
        Variable(
            name="token",
            type_text="string",
            has_default=False,
            default=None,
            nullable=True,
            sensitive=True,
            description="",
            location=Location(place, 20),
        ),
        Variable(
            name="free",
            type_text="any",
            has_default=False,
            default=None,
            nullable=True,
            sensitive=False,
            description="",
            location=Location(place, 25),
        ),
        Variable(
            name="computed",
            type_text="number",
            has_default=True,
            default=None,
            nullable=True,
            sensitive=False,
            description="",
            location=Location(place, 27),
        ),
    )
    assert found.outputs == (Output("address", True, "Where it is", Location("modules/app/main.tf", 14)),)
    assert found.calls == (ModuleCall("inner", "../inner", Location("modules/app/main.tf", 2)),)


CALLS = """
variable "huge" { default = 1 + 2 }
variable "twice" {}
variable "twice" {}
module "vpc" {
  source  = "acme/vpc/aws"
  version = "~> 5.0"
}
module "computed" {
  source  = "./${var.where}"
  version = var.version
}
"""


def test_only_module_calls_of_foreign_code_are_read() -> None:
    found = read_module_calls({"main.tf": CALLS.encode(), "b.tf.json": b'{"module": {"c": {"source": "./c"}}}'}, "vpc")
    assert found == (
        ModuleCall("c", "./c", Location("vpc/b.tf.json", 1)),
        ModuleCall("vpc", "acme/vpc/aws", Location("vpc/main.tf", 5), "~> 5.0"),
        ModuleCall("computed", "", Location("vpc/main.tf", 9)),
    )


def test_a_variable_survives_its_journey_in_a_release() -> None:
    for variable in module(variables__tf=VARIABLES).variables:
        assert Variable.from_json(asdict(variable)) == variable


def test_json_syntax_is_read_too() -> None:
    data = b'{"variable": {\n"size": {"type": "list(string)", "default": [1]}},\n"output": {"o": {"value": 1}}}'
    found = module(main__tf__json=data)
    assert found.variables[0].default == ["1"]
    assert str(found.variables[0].location) == "modules/app/main.tf.json:2"
    assert found.outputs[0].name == "o"


def test_override_file_changes_only_named_arguments() -> None:
    changed = b'variable "token" {\n  default = "none"\n}\n'
    token = module(variables__tf=VARIABLES, a_override__tf=changed).variables[1]
    assert (token.default, token.sensitive, token.type_text) == ("none", True, "string")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        pytest.param(b'\nvariable "a" {\n', 2, "E201 syntax error: Unclosed", id="a block left open"),
        pytest.param(b'variable "a" {\n type = strin\n}', 1, "E212 the type of the variable a", id="an unknown type"),
        pytest.param(b'variable "a" {}\nvariable "a" {}', 2, "E212 the variable a is declared", id="declared twice"),
        pytest.param(
            b'variable "a" {\n type = number\n default = "x"\n}',
            1,
            "E212 the default of a must be a number",
            id="a default that does not fit",
        ),
    ],
)
def test_invalid_declaration_is_reported_with_its_line(text: bytes, place: int, message: str) -> None:
    (problem,) = problems_of(main__tf=text)
    assert f"{problem.code} {problem.message}".startswith(message)
    assert str(problem.location) == f"modules/app/main.tf:{place}"
    assert problem.hint


def test_problems_of_all_files_are_reported_at_once() -> None:
    found = problems_of(a__tf=b"x = {", b__tf=b'variable "a" {\n type = strin\n}', c__tf__json=b"{")
    assert [each.location.file for each in found if each.location] == [
        "modules/app/a.tf", "modules/app/c.tf.json", "modules/app/b.tf"
    ]  # fmt: skip


def test_invalid_sensitive_default_is_redacted() -> None:
    text = b'variable "a" {\n type = number\n default = "hush"\n sensitive = true\n}'
    (problem,) = problems_of(main__tf=text)
    assert "hush" not in problem.message + problem.hint


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        module(x__tf__json=b'{"a": ' + b"[" * 100_000)


def test_half_of_letter_is_read_like_terraform() -> None:
    (variable,) = read_module({"a.tf.json": rb'{"variable": {"a": {"default": "x\ud800"}}}'}, "m").variables
    assert variable.default == "x\ufffd"


def test_searches_share_the_tree_of_the_module() -> None:
    name = "modules/shared/variables.tf"
    read_module({"variables.tf": VARIABLES}, "modules/shared")
    before = load_source.cache_info().misses
    found = parse_code(VARIABLES, name)
    assert found is load_source(VARIABLES, name)
    assert load_source.cache_info().misses == before
