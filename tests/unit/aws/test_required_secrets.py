"""Which secrets an environment's settings ask for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.hcl.module import read_module
from envctl.adapters.hcl.source import read_settings
from envctl.domain.aws.required_secrets import RequiredSecrets, check_patterns, find_required_secrets, match_kinds
from envctl.domain.aws.secret_status import SECRET_KINDS
from envctl.domain.config.project import Secrets
from envctl.domain.errors import Location
from envctl.domain.settings.resolution import resolve_settings
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.variables import Schema

PATTERNS = Secrets(secretsmanager=("*_secret_name", "secret_names"), ssm=("*_parameter",))


def schema(**modules: str) -> Schema:
    return {
        name: read_module({"main.tf": text.encode()}, f"modules/{name}").variables for name, text in modules.items()
    }


def resolved(found: Schema, settings: str, **more: Any) -> EnvironmentSettings:
    files = [read_settings(settings.encode(), "prod.tfvars")]
    given_ = {"builtin": {}, "wired": {}, "artifacts": {}, "may_set_artifacts": False, **more}
    return resolve_settings("prod", found, files, **given_)


def needs(module: str, settings: str, patterns: Secrets = PATTERNS, **more: Any) -> RequiredSecrets:
    found = schema(web=module)
    return find_required_secrets(resolved(found, settings, **more), found, patterns)


KINDS = {"secretsmanager": "sm", "ssm": "ssm"}


def asked(module: str, settings: str, **more: Any) -> list[str]:
    """Return each secret as `kind name: what asks for it`; sm is Secrets Manager."""
    found = needs(module, settings, **more)
    assert found.problems == ()
    return [f"{KINDS[each.kind]} {each.name}: {', '.join(each.asked_by)}" for each in found.secrets]


def var(name: str, type_: str, more: str = "") -> str:
    """Return the declaration of a variable."""
    return f'variable "{name}" {{\n  type = {type_}\n  {more}\n}}\n'


NAME = var("db_secret_name", "string")
FOUND = {
    "a name": ("db_secret_name", "string", '"shop/db"', ["sm shop/db: web.db_secret_name"]),
    "an empty name": ("db_secret_name", "string", '""', []),
    "no name": ("db_secret_name", "string\ndefault = null", "null", []),
    "a name of the module": ("db_secret_name", 'string\ndefault = "shop/db"', "", ["sm shop/db: web.db_secret_name"]),
    "a parameter": ("key_parameter", "string", '"/shop/key"', ["ssm /shop/key: web.key_parameter"]),
    "a list, in which one stands twice": (
        "secret_names",
        "list(string)",
        '["a", "", "b", "a"]',
        ["sm a: web.secret_names[0], web.secret_names[3]", "sm b: web.secret_names[2]"],
    ),
    "a set": ("secret_names", "set(string)", '["b"]', ["sm b: web.secret_names[0]"]),
    "a map": (
        "secret_names",
        "map(string)",
        '{ DB = "a", KEY = "arn:aws:ssm:eu-west-1:333333333333:parameter/b" }',
        ['sm a: web.secret_names["DB"]', 'ssm b: web.secret_names["KEY"]'],
    ),
    "an object of names": (
        "secret_names",
        "object({ db = string, port = number })",
        '{ db = "a", port = 1 }',
        ['sm a: web.secret_names["db"]'],
    ),
    "an attribute": (
        "db",
        "object({ host = string, db_secret_name = optional(string) })",
        '{ host = "h", db_secret_name = "a" }',
        ["sm a: web.db.db_secret_name"],
    ),
    "an attribute that is left out": (
        "db",
        "object({ host = string, db_secret_name = optional(string) })",
        '{ host = "h" }',
        [],
    ),
    "an attribute with a default, in a default": (
        "db",
        'object({ db_secret_name = optional(string, "a") })\ndefault = {}',
        "",
        ["sm a: web.db.db_secret_name"],
    ),
    "attributes in maps and lists": (
        "services",
        "map(object({ on = list(object({ a_parameter = string })) }))",
        '{ api = { on = [{ a_parameter = "p" }] } }',
        ['ssm p: web.services["api"].on[0].a_parameter'],
    ),
    "an attribute without a type": ("db", "any", '[{ db_secret_name = "a" }]', ["sm a: web.db[0].db_secret_name"]),
    "an item of a tuple": (
        "db",
        "tuple([string, object({ db_secret_name = string })])",
        '["x", { db_secret_name = "a" }]',
        ["sm a: web.db[1].db_secret_name"],
    ),
    "a key of a map is none": ("labels", "map(string)", '{ db_secret_name = "not a name" }', []),
    "what is sensitive": ("db_secret_name", "string\nsensitive = true", '"planted"', []),
    "another setting": ("size", "number", "1", []),
    "a public parameter": ("ami_parameter", "string", '"/aws/service/ami/x"', []),
}


@pytest.mark.parametrize(("name", "kind", "value", "expected"), FOUND.values(), ids=FOUND)
def test_required_secrets_are_found(name: str, kind: str, value: str, expected: list[str]) -> None:
    assert asked(var(name, kind), f"{name} = {value}" if value else "") == expected


def test_secret_of_several_stacks_is_required_once() -> None:
    found = schema(web=NAME, jobs=NAME, other=var("old_secret_name", "string"))
    settings = resolved(found, 'db_secret_name = "a"\nold_secret_name = "a"\n')
    (only,) = find_required_secrets(settings, found, PATTERNS).secrets
    assert only.asked_by == ("web.db_secret_name", "jobs.db_secret_name", "other.old_secret_name")
    assert only.location == Location("prod.tfvars", 1)


def test_wired_and_builtin_variables_require_no_secret() -> None:
    everything = Secrets(secretsmanager=("*",))
    wired = needs(NAME + var("environment", "string"), "", everything, wired={"web": ["db_secret_name"]},
                  builtin={"environment": "prod"})  # fmt: skip
    assert wired == RequiredSecrets()


def test_an_artifact_may_name_a_secret() -> None:
    assert asked(NAME, "", artifacts={"db_secret_name": "shop/db"}) == ["sm shop/db: web.db_secret_name"]


def test_secret_value_in_place_of_name_is_redacted() -> None:
    (problem,) = needs(NAME, 'db_secret_name = "planted p@ss!"').problems
    assert (problem.code, problem.location) == ("E444", Location("prod.tfvars", 1))
    assert "planted" not in problem.message + problem.hint


def test_exact_variable_name_overrides_pattern() -> None:
    patterns = Secrets(secretsmanager=("*_name",), ssm=("old_name",))
    assert match_kinds("old_name", patterns) == ("ssm",)
    assert match_kinds("new_name", patterns) == ("secretsmanager",)
    assert match_kinds("size", patterns) == ()


MISFITS = {
    "a pattern that finds nothing": (NAME, Secrets(ssm=("*_parametre",)), ["E442"]),
    "a name that finds nothing": (NAME, Secrets(secretsmanager=("db_secret_nam",)), ["E442"]),
    "one that finds an attribute": (
        var("db", "map(object({ a_parameter = optional(string) }))"),
        Secrets(ssm=("*_parameter",)),
        [],
    ),
    "what is found by both": (NAME, Secrets(secretsmanager=("*_name",), ssm=("db_*",)), ["E443"]),
    "named in full by both": (NAME, Secrets(secretsmanager=("db_secret_name",), ssm=("db_secret_name",)), ["E443"]),
    "what is sensitive": (var("db_secret_name", "string", "sensitive = true"), PATTERNS, ["E442", "E442", "E443"]),
    "an attribute of what is sensitive": (
        var("db", "object({ a_parameter = string })", "sensitive = true"),
        Secrets(ssm=("*_parameter",)),
        ["E443"],
    ),
    "nothing": (NAME, Secrets(), []),
}


@pytest.mark.parametrize(("module", "patterns", "codes"), MISFITS.values(), ids=MISFITS)
def test_faulty_secret_pattern_is_reported(module: str, patterns: Secrets, codes: list[str]) -> None:
    assert [each.code for each in check_patterns(schema(web=module), patterns)] == codes


def test_nearest_variable_name_is_suggested() -> None:
    (only,) = check_patterns(schema(web=NAME), Secrets(secretsmanager=("db_secret_nam",)))
    assert only.hint == "did you mean db_secret_name?"
    assert only.path == ("secrets", "secretsmanager")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.text("ab/ é", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a_parameter", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_every_required_secret_comes_from_a_setting(value: object) -> None:
    from envctl.domain.settings.settings import Setting

    found = schema(web=var("anything", "any"))
    setting = Setting("anything", value, None, "file", sensitive=False, stacks=("web",))
    told = find_required_secrets(EnvironmentSettings("prod", (setting,), {}), found, Secrets(ssm=("a_parameter",)))
    assert all(each.name in str(value) and each.kind in SECRET_KINDS for each in told.secrets)
    assert len({each.id for each in told.secrets}) == len(told.secrets)
    if "a_parameter" not in str(value):
        assert told == RequiredSecrets()
