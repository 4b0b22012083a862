"""Values that a module's `validation` blocks refuse: told at the line of the settings."""

from typing import Any

from envctl.domain.errors import Location, Problem
from envctl.domain.settings.refused_values import StackInterface, find_refused_values
from envctl.domain.settings.resolution import resolve_settings
from envctl.domain.terraform.variables import Assignment, ModuleValidations, SettingsFile, Validation, Variable

FILE = "environments/dev/terraform.tfvars"
RULE_PLACE = Location("modules/network/variables.tf", 9)


def declare(name: str, type_text: str = "string", **changes: Any) -> Variable:
    given = {"has_default": "default" in changes, "default": None, "nullable": True, "sensitive": False, **changes}
    return Variable(
        name=name, type_text=type_text, description="", location=Location("modules/network/variables.tf", 3), **given
    )


def find(variables: list[Variable], rules: dict[str, str], values: dict[str, object], **changes: Any) -> list[Problem]:
    """Return the problems of one stack with these conditions, by variable, and these values."""
    assignments = [
        Assignment(name, value, Location(FILE, line)) for line, (name, value) in enumerate(values.items(), 1)
    ]
    wired = changes.get("wired", ())
    files, builtin = [SettingsFile(FILE, tuple(assignments))], changes.get("builtin", {})
    settings = resolve_settings(
        "dev", {"network": tuple(variables)}, files, builtin=builtin,
        wired={"network": wired}, artifacts={}, may_set_artifacts=True,
    )  # fmt: skip
    message = changes.get("message", "Not allowed.")
    validations = tuple(Validation(name, condition, message, RULE_PLACE) for name, condition in rules.items())
    interface = StackInterface(
        tuple(variables), ModuleValidations(validations, changes.get("computed", frozenset())), frozenset(wired)
    )
    return list(find_refused_values(settings, {"network": interface}, {"region": lambda: Location("envctl.toml", 7)}))


NAT = {"nat": 'contains(["none", "single", "per_az"], var.nat)'}


def test_refused_value_names_line_reason_and_rule() -> None:
    (problem,) = find([declare("nat")], NAT, {"nat": "per-az"}, message="nat must be none, single or per_az.")
    assert problem == Problem(
        "E216",
        'nat = "per-az" is refused by its module: nat must be none, single or per_az.',
        'did you mean "per_az"? (the rule is at modules/network/variables.tf:9)',
        Location(FILE, 1),
    )


def test_allowed_value_is_no_problem() -> None:
    assert not find([declare("nat")], NAT, {"nat": "single"})


def test_uncertain_condition_is_left_to_terraform() -> None:
    assert not find([declare("nat")], {"nat": "timecmp(var.nat, var.nat) == 1"}, {"nat": "x"})


def test_wired_and_computed_values_are_unknown() -> None:
    variables = [declare("nat"), declare("b", default=None), declare("c", default=None)]
    rules = {"nat": "var.nat == var.b", "b": "var.b != null", "c": "var.c != null"}
    assert not find(variables, rules, {"nat": "x"}, wired=("b",), computed=frozenset({"c"}))


def test_default_that_is_refused_points_at_what_is_set() -> None:
    variables = [declare("least", "number", default=5), declare("most", "number")]
    (problem,) = find(variables, {"least": "var.least <= var.most"}, {"most": 3})
    assert (problem.location, problem.message.split(" is ")[0]) == (Location(FILE, 1), "most = 3")


def test_value_filled_by_envctl_points_at_project_file() -> None:
    (problem,) = find([declare("region")], {"region": 'var.region != "eu-west-1"'}, {}, builtin={"region": "eu-west-1"})
    assert problem.location == Location("envctl.toml", 7)


def test_sensitive_value_is_not_shown() -> None:
    rules, message = {"key": "length(var.key) > 9"}, "Not ${var.key}."
    (problem,) = find([declare("key", sensitive=True)], rules, {"key": "s3cret"}, message=message)
    assert "s3cret" not in str(problem)


def test_message_shows_values_that_it_refers_to() -> None:
    (problem,) = find([declare("nat")], NAT, {"nat": "lots"}, message="${var.nat} and ${upper(var.nat)} are not known.")
    assert problem.message.endswith(": lots and ${upper(var.nat)} are not known.")


def test_rule_without_text_shows_its_condition() -> None:
    (problem,) = find([declare("nat")], {"nat": "length(\n  var.nat\n) > 99"}, {"nat": "x" * 90}, message="")
    assert (
        problem.message == f'nat = "{"x" * 29}…{"x" * 29}" is refused by its module: it requires length( var.nat ) > 99'
    )
