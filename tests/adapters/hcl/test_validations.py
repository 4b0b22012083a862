from envctl.adapters.hcl.validations import read_validations
from envctl.domain.errors import Location
from envctl.domain.terraform.variables import ModuleValidations, Validation

VARIABLES = b"""
variable "nat" {
  type    = string
  default = "a${1}"

  validation {
    condition     = contains(["none", "single"], var.nat)
    error_message = "\\"${var.nat}\\" is not known."
  }
  validation {
    condition = (
      length(var.nat) < 9 # letters
    )
    error_message = join(" ", ["too", "long"])
  }
}

variable "free" {}
"""
PATH = "modules/network/variables.tf"


def test_validation_blocks_are_read_with_their_lines() -> None:
    found = read_validations({PATH: VARIABLES, "modules/network/main.tf": b"locals {}"})
    first, second = found.rules
    text = '"${var.nat}" is not known.'
    assert first == Validation("nat", 'contains(["none", "single"], var.nat)', text, Location(PATH, 6))
    assert (second.condition.split(), second.message) == (["(", "length(var.nat)", "<", "9", "#", "letters", ")"], "")
    assert found.computed_defaults == {"nat"}


def test_override_files_and_json_leave_all_to_terraform() -> None:
    for other in ("override.tf", "x_override.tf", "more.tf.json"):
        assert read_validations({PATH: VARIABLES, f"modules/network/{other}": b"variable x {}"}) == ModuleValidations()


def test_unreadable_code_has_no_validations() -> None:
    for data in (VARIABLES[:-30] + b"}}}", b"\xff variable validation", b'variable "x" { validation { condition = } }'):
        assert not [rule for rule in read_validations({PATH: data}).rules if rule.variable != "nat"]
