from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pydantic
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.settings.resolution import resolve_settings
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.settings.value_sources import Variables, build_model
from envctl.domain.terraform.variables import Assignment, Schema, SettingsFile, TypeExpression, Variable, format_type
from tests.catching import catch
from tests.unit.terraform.type_strategies import concrete_types, fits, fitting, literals, names, types

REQUIRED = object()
BOOL = "x must be a bool (true or false), but is"


def variable(
    name: str,
    type_text: str = "string",
    default: object = REQUIRED,
    *,
    nullable: bool = True,
    sensitive: bool = False,
    line: int = 1,
) -> Variable:
    has_default = default is not REQUIRED
    place = Location("modules/m/variables.tf", line)
    return Variable(
        name=name,
        type_text=type_text,
        has_default=has_default,
        default=default if has_default else None,
        nullable=nullable,
        sensitive=sensitive,
        description="",
        location=place,
    )


def file_of(values: Mapping[str, object], name: str = "environments/dev/terraform.tfvars") -> SettingsFile:
    rows = enumerate(values.items(), 1)
    return SettingsFile(name, tuple(Assignment(key, value, Location(name, line)) for line, (key, value) in rows))


def resolved(schema: Schema, *files: SettingsFile, **changes: Any) -> EnvironmentSettings:
    fixed: dict[str, Any] = {"builtin": {}, "wired": {}, "artifacts": {}, "may_set_artifacts": True}
    return resolve_settings(changes.pop("environment", "dev"), schema, files, **{**fixed, **changes})


def problems_of(schema: Schema, *files: SettingsFile, **changes: Any) -> list[Problem]:
    return list(catch(ConfigurationError, resolved, schema, *files, **changes).problems)


def value_of(type_text: str, value: object) -> object:
    return resolved({"web": (variable("x", type_text),)}, file_of({"x": value})).arguments["web"]["x"]


@given(st.data())
def test_fitting_value_is_accepted_and_stable(data: st.DataObject) -> None:
    type_ = data.draw(concrete_types)
    value = data.draw(fitting(type_))
    once = value_of(format_type(type_), value)
    assert value_of(format_type(type_), once) == once


@given(types, literals)
def test_value_of_wrong_type_is_refused(type_: TypeExpression, value: object) -> None:
    assume(not fits(value, type_))
    found = problems_of({"web": (variable("x", format_type(type_)),)}, file_of({"x": value}))
    assert {each.code for each in found} <= {"E204", "E209"}


@given(concrete_types, literals)
def test_sensitive_value_is_never_shown(type_: TypeExpression, value: object) -> None:
    hush = {"deep": [value, {"hush-key": "hush-hush"}]}
    found = problems_of(
        {"web": (variable("x", f"map(list({format_type(type_)}))", sensitive=True),)}, file_of({"x": hush, "y": 1})
    )
    assert not any("hush" in each.message + each.hint for each in found)


@pytest.mark.parametrize(
    ("type_text", "value", "wanted"),
    [
        pytest.param("number", "5", 5, id="text to a number"),
        pytest.param("string", 5, "5", id="a number to text"),
        pytest.param("string", 0.1, "0.1", id="a decimal to text"),
        pytest.param("string", 1e-7, "0.0000001", id="a small decimal to text without an exponent"),
        pytest.param("string", True, "true", id="a bool to text"),
        pytest.param("bool", "true", True, id="text to a bool"),
        pytest.param("bool", "0", False, id="a digit in text to a bool"),
        pytest.param("set(string)", ["b", "a", "b"], ["a", "b"], id="a list to a set"),
        pytest.param("set(number)", ["3", 1, 1.5, "1"], [1, 1.5, 3], id="equal after conversion"),
        pytest.param("list(any)", [1, "a", True], ["1", "a", "true"], id="a list of anything finds one type"),
        pytest.param("map(any)", {"a": [1], "b": ["x", "y"]}, {"a": ["1"], "b": ["x", "y"]}, id="nested as well"),
        pytest.param("any", {"a": [1, "x"]}, {"a": [1, "x"]}, id="anything stays as it is"),
        pytest.param("tuple([string, number])", [1, "2"], ["1", 2], id="a tuple by position"),
        pytest.param("object({a = string, b = optional(number, 3)})", {"a": 1}, {"a": "1", "b": 3}, id="a default"),
        pytest.param("object({b = optional(number, 3)})", {"b": None}, {"b": 3}, id="null takes the default too"),
        pytest.param("object({b = optional(number)})", {}, {"b": None}, id="optional without a default is null"),
        pytest.param(
            "object({o = optional(object({x = optional(number, 1)}), {})})",
            {},
            {"o": {"x": 1}},
            id="defaults in defaults",
        ),
        pytest.param("list(string)", [None, "a"], [None, "a"], id="null inside"),
        pytest.param(
            "number", Decimal("0.12345678901234567890"), "0.12345678901234567890", id="more digits than a float"
        ),
        pytest.param("string", Decimal("0.12345678901234567890"), "0.1234567890123456789", id="and the same as text"),
    ],
)
def test_values_are_converted_like_terraform(type_text: str, value: object, wanted: object) -> None:
    found = value_of(type_text, value)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("type_text", "value", "message"),
    [
        pytest.param("number", "five", 'x must be a number, but is the string "five"', id="text that is no number"),
        pytest.param("number", True, "x must be a number, but is true", id="a bool is no number"),
        pytest.param("bool", 1, f"{BOOL} the number 1", id="a number is no bool"),
        pytest.param("bool", "True", f'{BOOL} the string "True"', id="True is no bool"),
        pytest.param("string", ["a"], "x must be a string, but is a list of 1", id="a list is no text"),
        pytest.param("list(string)", "a", 'x must be list(string), but is the string "a"', id="text is no list"),
        pytest.param("list(number)", [1, "a"], 'x[1] must be a number, but is the string "a"', id="inside a list"),
        pytest.param("map(number)", {"k": "a"}, 'x["k"] must be a number, but is the string "a"', id="inside a map"),
        pytest.param(
            "object({a = object({b = bool})})",
            {"a": {"b": 1}},
            BOOL.replace("x", "x.a.b") + " the number 1",
            id="deep inside an object",
        ),
        pytest.param("object({a = string})", {}, "x.a must be string, but is missing", id="a missing attribute"),
        pytest.param("tuple([string])", [], "x must be tuple([string]), but is a list of 0", id="another length"),
        pytest.param(
            "list(any)",
            [1, [1]],
            "x must be list(any): elements of one type, but is of elements of different types",
            id="no common type",
        ),
        pytest.param(
            "any",
            Decimal("0.12345678901234567890"),
            "x must be a number of at most 17 digits for the type any (or text in quotes), but is the number "
            "0.12345678901234567890",
            id="a number that no JSON reader keeps",
        ),
    ],
)
def test_wrong_type_is_reported_with_path_and_value(type_text: str, value: object, message: str) -> None:
    (problem,) = problems_of({"web": (variable("x", type_text),)}, file_of({"x": value}))
    assert (problem.code, problem.message) == ("E204", message)
    assert str(problem.location) == "environments/dev/terraform.tfvars:1"
    assert "modules/m/variables.tf:1" in problem.hint


WEB = (
    variable("instance_type", line=3),
    variable("vpc_id", line=5),
    variable("image", line=7),
    variable("environment", line=9),
    variable("size", "number", 1, nullable=False, line=11),
    variable("rules", "object({max_size = optional(number), min_size = optional(number)})", None, line=13),
)
SCHEMA: Schema = {"network": (variable("cidr"), variable("environment")), "web": WEB}
GOOD = {"cidr": "10.0.0.0/16", "instance_type": "t3.micro", "image": "app@sha256:1"}
PROJECT: dict[str, Any] = {
    "builtin": {"environment": "dev", "project": "shop"},
    "wired": {"web": ["vpc_id"]},
    "artifacts": {"image": "app@sha256:0"},
}


OWN = "environments/dev/terraform.tfvars"
NO_NULL: Schema = {"third": (variable("quota", "number", nullable=False),)}


def bad(values: dict[str, object], problem: str, hint: str, place: str = f"{OWN}:4", **changes: Any) -> tuple[Any, ...]:
    return values, changes, problem, hint, place


BAD = {
    "an unknown name offers the nearest one": bad(
        {"instnace_type": 1}, "E203 instnace_type is not a setting", "did you mean instance_type?"
    ),
    "a wrong type says what is expected": bad(
        {"size": "big"}, 'E204 size must be a number, but is the string "big"', "of type number"
    ),
    "a missing value names the stack, the declaration and the line to add": bad(
        {"instance_type": ...},
        "E205 instance_type has no value, and web needs it",
        f'add `instance_type = "…"` to {OWN}',
        "modules/m/variables.tf:3",
    ),
    "a missing secret is not to be written into a file": bad(
        {},
        "E205 token has no value, and third needs it",
        "say where its value is, under [secrets.values] in envctl.toml",
        "modules/m/variables.tf:3",
        schema={"third": (variable("token", sensitive=True, line=3),)},
    ),
    "null where the module needs a value": bad(
        {"quota": None}, "E206 quota must not be null", "add `quota = …`", schema=NO_NULL
    ),
    "a name that envctl fills": bad({"project": "x"}, "E207 project is set by envctl", "remove the line"),
    "a wired input": bad({"vpc_id": "x"}, "E208 vpc_id is an input of web, with a value", "remove the line"),
    "an attribute that Terraform would drop": bad(
        {"rules": {"max_sise": 1}}, "E209 rules has no attribute max_sise", "did you mean max_size?"
    ),
    "an artifact set in staging": bad(
        {},
        "E210 image is an artifact; staging must not set it",
        "set it in the entry environment",
        f"{OWN}:3",
        environment="staging",
        may_set_artifacts=False,
    ),
    "a wired input that the module does not declare": bad(
        {},
        "E211 the stack web wires the input vpcid",
        "did you mean vpc_id?",
        "envctl.toml",
        wired={"web": ["vpc_id", "vpcid"]},
    ),
    "an artifact that has no value yet": bad(
        {"image": ...},
        "E205 image has no value",
        "artifacts come with the release",
        "modules/m/variables.tf:7",
        may_set_artifacts=False,
        artifacts={"image": None},
    ),
}


@pytest.mark.parametrize(("values", "changes", "problem", "hint", "place"), BAD.values(), ids=BAD)
def test_bad_settings_are_explained(
    values: dict[str, object], changes: dict[str, Any], problem: str, hint: str, place: str
) -> None:
    schema = {**SCHEMA, **changes.get("schema", {})}
    given_values = {name: value for name, value in {**GOOD, **values}.items() if value is not ...}
    asked = {name: value for name, value in changes.items() if name != "schema"}
    (found,) = problems_of(schema, file_of(given_values), **{**PROJECT, **asked})
    assert f"{found.code} {found.message}".startswith(problem)
    assert hint in found.hint
    assert str(found.location) == place


def test_all_problems_are_reported_in_file_order() -> None:
    common = file_of({"cidr": 1, "regoin": 1}, "environments/common.tfvars")
    own = file_of({"size": "x", "vpc_id": 1}, "environments/dev/terraform.tfvars")
    found = problems_of(SCHEMA, common, own, **{**PROJECT, "artifacts": {}})
    assert [each.code for each in found] == ["E203", "E204", "E208", "E205", "E205"]


def test_value_missing_in_several_stacks_is_one_problem() -> None:
    (problem,) = problems_of({"a": (variable("zone"),), "b": (variable("zone"),)})
    assert problem.message == "zone has no value, and a and b need it"


def test_later_file_wins_and_origin_is_recorded() -> None:
    common = file_of({"cidr": "10.0.0.0/8", "instance_type": "t3.nano"}, "environments/common.tfvars")
    found = resolved(SCHEMA, common, file_of({"instance_type": "t3.micro"}), **PROJECT)
    origins = {each.name: (each.value, each.origin, str(each.location), each.stacks) for each in found.settings}
    assert origins == {
        "cidr": ("10.0.0.0/8", "file", "environments/common.tfvars:1", ("network",)),
        "environment": ("dev", "envctl", "None", ("network", "web")),
        "image": ("app@sha256:0", "artifact", "None", ("web",)),
        "instance_type": ("t3.micro", "file", "environments/dev/terraform.tfvars:1", ("web",)),
        "rules": (None, "default", "modules/m/variables.tf:13", ("web",)),
        "size": (1, "default", "modules/m/variables.tf:11", ("web",)),
    }
    assert found.arguments == {
        "network": {"cidr": "10.0.0.0/8", "environment": "dev"},
        "web": {"environment": "dev", "image": "app@sha256:0", "instance_type": "t3.micro"},
    }


def test_null_means_the_default_of_the_variable() -> None:
    found = resolved(SCHEMA, file_of({**GOOD, "size": None, "rules": None}), **PROJECT)
    assert "size" not in found.arguments["web"]
    assert found.arguments["web"]["rules"] is None


def test_attribute_known_to_another_stack_is_accepted() -> None:
    schema = {"a": (variable("x", "object({a = string})"),), "b": (variable("x", "object({a = string, b = number})"),)}
    found = resolved(schema, file_of({"x": {"a": "1", "b": "2"}}))
    assert found.arguments == {"a": {"x": {"a": "1"}}, "b": {"x": {"a": "1", "b": 2}}}


def test_settings_digest_binds_only_settings_of_environment() -> None:
    def digest(values: Mapping[str, object], image: str = "app@sha256:0") -> str:
        secret: Schema = {**SCHEMA, "web": (*WEB, variable("token", sensitive=True, default="")), "tags": (
            variable("tags", "set(string)", []),)}  # fmt: skip
        found = resolved(secret, file_of(values), **{**PROJECT, "artifacts": {"image": image}})
        return found.digest(())

    base = {"cidr": "10.0.0.0/16", "instance_type": "t3.micro"}
    assert digest(base) == digest({**base}, image="app@sha256:9")
    assert digest({**base, "size": 5}) == digest({**base, "size": "5"})
    assert digest({**base, "tags": ["a", "b"]}) == digest({**base, "tags": ["b", "a"]})
    assert len({digest(base), digest({**base, "size": 2}), digest({**base, "token": "hush"})}) == 3


def test_setting_values_are_hidden_in_repr() -> None:
    found = resolved({"web": (variable("token", sensitive=True),)}, file_of({"token": "hush"}))
    assert "hush" not in repr(found)


def test_model_is_frozen_strict_and_hides_input() -> None:
    model = build_model("web", Variables([variable("size", "number")]))
    instance: Any = model.model_validate({"size": "5"})
    assert instance.size == 5
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        instance.size = 6
    with pytest.raises(pydantic.ValidationError, match="vpc_id"):
        model.model_validate({"size": 5, "vpc_id": "x"})
    assert "hush" not in str(catch(pydantic.ValidationError, model.model_validate, {"size": "hush"}))


@given(st.lists(names | st.sampled_from(["schema", "model_config", "copy", "json", "class", "_x", "a-b"]), unique=True))
def test_any_valid_variable_name_is_a_setting(chosen: list[str]) -> None:
    schema = {"web": tuple(variable(name) for name in chosen)}
    found = resolved(schema, file_of(dict.fromkeys(chosen, "v")))
    assert found.arguments["web"] == dict.fromkeys(chosen, "v")


def test_missing_settings_file_is_named() -> None:
    (problem,) = problems_of({"web": (variable("size", "number"),)})
    assert problem.hint == f"there is no {OWN}: create it, with `size = …`"
