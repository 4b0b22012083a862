"""Which secrets an environment's settings ask for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.hcl.module import read_module
from envctl.adapters.hcl.settings import read_settings
from envctl.domain.aws.required_secrets import RequiredSecrets, check_patterns, find_required_secrets, match_kinds
from envctl.domain.aws.secret_status import SECRET_KINDS
from envctl.domain.config.project import Secrets
from envctl.domain.errors import Location
from envctl.domain.settings.settings import resolve_settings
from envctl.domain.settings.values import EnvironmentSettings
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


def asked(module: str, settings: str, **more: Any) -> dict[str, tuple[str, ...]]:
    """By `kind name` what asks for it."""
    found = needs(module, settings, **more)
    assert found.problems == ()
    return {f"{each.kind} {each.name}": each.asked_by for each in found.secrets}


def declared(name: str, type_: str, more: str = "") -> str:
    return f'variable "{name}" {{\n  type = {type_}\n  {more}\n}}\n'


NAME = declared("db_secret_name", "string")
FOUND = {
    "a name": (NAME, 'db_secret_name = "shop/db"', {"secretsmanager shop/db": ("web.db_secret_name",)}),
    "an empty name": (NAME, 'db_secret_name = ""', {}),
    "no name": (declared("db_secret_name", "string", "default = null"), "db_secret_name = null", {}),
    "a name that the module brings": (
        declared("db_secret_name", "string", 'default = "shop/db"'),
        "",
        {"secretsmanager shop/db": ("web.db_secret_name",)},
    ),
    "a parameter": (
        declared("key_parameter", "string"),
        'key_parameter = "/shop/key"',
        {"ssm /shop/key": ("web.key_parameter",)},
    ),
    "a list, in which one stands twice": (
        declared("secret_names", "list(string)"),
        'secret_names = ["a", "", "b", "a"]',
        {
            "secretsmanager a": ("web.secret_names[0]", "web.secret_names[3]"),
            "secretsmanager b": ("web.secret_names[2]",),
        },
    ),
    "a set": (
        declared("secret_names", "set(string)"),
        'secret_names = ["b"]',
        {"secretsmanager b": ("web.secret_names[0]",)},
    ),
    "a map": (
        declared("secret_names", "map(string)"),
        'secret_names = { DB = "a", KEY = "arn:aws:ssm:eu-west-1:333333333333:parameter/b" }',
        {"secretsmanager a": ('web.secret_names["DB"]',), "ssm b": ('web.secret_names["KEY"]',)},
    ),
    "an object of names": (
        declared("secret_names", "object({ db = string, port = number })"),
        'secret_names = { db = "a", port = 1 }',
        {"secretsmanager a": ('web.secret_names["db"]',)},
    ),
    "an attribute": (
        declared("db", "object({ host = string, db_secret_name = optional(string) })"),
        'db = { host = "h", db_secret_name = "a" }',
        {"secretsmanager a": ("web.db.db_secret_name",)},
    ),
    "an attribute that is left out": (
        declared("db", "object({ host = string, db_secret_name = optional(string) })"),
        'db = { host = "h" }',
        {},
    ),
    "an attribute with a default of its own, in a default": (
        declared("db", 'object({ db_secret_name = optional(string, "a") })', "default = {}"),
        "",
        {"secretsmanager a": ("web.db.db_secret_name",)},
    ),
    "attributes in maps and lists": (
        declared("services", "map(object({ on = list(object({ a_parameter = string })) }))"),
        'services = { api = { on = [{ a_parameter = "p" }] } }',
        {"ssm p": ('web.services["api"].on[0].a_parameter',)},
    ),
    "an attribute in what has no type": (
        declared("db", "any"),
        'db = [{ db_secret_name = "a" }]',
        {"secretsmanager a": ("web.db[0].db_secret_name",)},
    ),
    "an item of a tuple": (
        declared("db", "tuple([string, object({ db_secret_name = string })])"),
        'db = ["x", { db_secret_name = "a" }]',
        {"secretsmanager a": ("web.db[1].db_secret_name",)},
    ),
    "a key of a map is none": (declared("labels", "map(string)"), 'labels = { db_secret_name = "not a name" }', {}),
    "what is sensitive": (declared("db_secret_name", "string", "sensitive = true"), 'db_secret_name = "planted"', {}),
    "another setting": (declared("size", "number"), "size = 1", {}),
    "a public parameter": (declared("ami_parameter", "string"), 'ami_parameter = "/aws/service/ami/x"', {}),
}


@pytest.mark.parametrize(("module", "settings", "expected"), FOUND.values(), ids=FOUND)
def test_required_secret_is(module: str, settings: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert asked(module, settings) == expected


def test_secret_of_several_stacks_is_required_once() -> None:
    found = schema(web=NAME, jobs=NAME, other=declared("old_secret_name", "string"))
    settings = resolved(found, 'db_secret_name = "a"\nold_secret_name = "a"\n')
    (only,) = find_required_secrets(settings, found, PATTERNS).secrets
    assert only.asked_by == ("web.db_secret_name", "jobs.db_secret_name", "other.old_secret_name")
    assert only.location == Location("prod.tfvars", 1)


def test_wired_and_builtin_variables_require_no_secret() -> None:
    everything = Secrets(secretsmanager=("*",))
    wired = needs(NAME + declared("environment", "string"), "", everything, wired={"web": ["db_secret_name"]},
                  builtin={"environment": "prod"})  # fmt: skip
    assert wired == RequiredSecrets()


def test_an_artifact_may_name_a_secret() -> None:
    assert asked(NAME, "", artifacts={"db_secret_name": "shop/db"}) == {
        "secretsmanager shop/db": ("web.db_secret_name",)
    }


def test_secret_value_in_place_of_name_is_redacted() -> None:
    (problem,) = needs(NAME, 'db_secret_name = "planted p@ss!"').problems
    assert problem.code == "E444"
    assert problem.location == Location("prod.tfvars", 1)
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
        declared("db", "map(object({ a_parameter = optional(string) }))"),
        Secrets(ssm=("*_parameter",)),
        [],
    ),
    "what is found by both": (NAME, Secrets(secretsmanager=("*_name",), ssm=("db_*",)), ["E443"]),
    "named in full by both": (NAME, Secrets(secretsmanager=("db_secret_name",), ssm=("db_secret_name",)), ["E443"]),
    "what is sensitive": (declared("db_secret_name", "string", "sensitive = true"), PATTERNS, ["E442", "E442", "E443"]),
    "an attribute of what is sensitive": (
        declared("db", "object({ a_parameter = string })", "sensitive = true"),
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
    from envctl.domain.settings.values import Setting

    found = schema(web=declared("anything", "any"))
    setting = Setting("anything", value, None, "file", sensitive=False, stacks=("web",))
    told = find_required_secrets(EnvironmentSettings("prod", (setting,), {}), found, Secrets(ssm=("a_parameter",)))
    assert all(each.name in str(value) and each.kind in SECRET_KINDS for each in told.secrets)
    assert len({each.id for each in told.secrets}) == len(told.secrets)
    if "a_parameter" not in str(value):
        assert told == RequiredSecrets()
