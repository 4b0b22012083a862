"""The page and the JSON Schema of envctl.toml say what the models of the project file take."""

import copy
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from tools.project_schema import PACKAGED, PAGE, PUBLISHED, build_schema, format_page

from envctl.cli.entry import run
from envctl.domain.config.project import Project
from tests.adapters.toml.project_files import GOOD, RULED

ROOT = Path(__file__).parents[3]
MORE = """
[providers.datadog]
site = "datadoghq.eu"

[stacks.web.rollout]
steps = [5, 50, 100]
wait = "10m"
abort_on = ["alarm:shop-5xx", "check:smoke"]

[checks.db]
kind = "tcp"
host = "output:db.host"
port = 5432

[secrets]
ssm = ["*_parameter"]

[cost]
command = ["infracost", "breakdown"]

[removed.old]
then = "forget"
"""
PROJECTS = {
    **{file.parent.name: file.read_text() for file in [*ROOT.glob("src/envctl/templates/*/envctl.toml")]},
    "this repository": (ROOT / "envctl.toml").read_text(),
    "a good one": GOOD,
    "one with every table": RULED + MORE,
}
Path_ = tuple[str | int, ...]
# One of each type of TOML, and texts of another form than most keys have.
VALUES: list[object] = [True, 0, 7, -1, 1.5, "x", "", "X Y", "8h", "G104", [], ["x"], [7], {}, {"x": 7}]


# Built by the one process that needs them: all of them collect the tests.
get_schema = cache(build_schema)


@cache
def get_validator() -> Draft202012Validator:
    return Draft202012Validator(get_schema())


def test_published_schema_and_page_match_the_models() -> None:
    text = json.dumps(get_schema(), ensure_ascii=False, indent=2) + "\n"
    assert (PUBLISHED.read_text(), PACKAGED.read_text()) == (text, text), "run: make schemas"
    assert PAGE.read_text() == format_page(get_schema()), "run: make schemas"


def test_every_key_has_a_meaning() -> None:
    tables = {"envctl.toml": get_schema(), **get_schema()["$defs"]}
    unsaid = [
        f"{name}.{key}"
        for name, table in tables.items()
        for key, value in table["properties"].items()
        if "description" not in value and "$ref" not in json.dumps(value)
    ]
    assert unsaid == [], "write a comment beside each of these fields"


@pytest.mark.parametrize("text", PROJECTS.values(), ids=PROJECTS)
def test_good_project_fits_the_schema(text: str) -> None:
    assert [error.message for error in get_validator().iter_errors(tomllib.loads(text))] == []


def _list_places(value: object, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _list_places(item, (*path, key))


def _replace(document: dict[str, Any], path: Path_, value: object) -> dict[str, Any]:
    changed: Any = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed  # type: ignore[no-any-return]


def test_schema_takes_all_that_envctl_takes() -> None:
    """An editor that complains of a good file would soon be ignored."""
    whole = tomllib.loads(RULED + MORE)
    counts = {True: 0, False: 0}
    for path in list(_list_places(whole))[1:]:
        for value in VALUES:
            changed = _replace(whole, path, value)
            try:
                Project.model_validate(changed)
            except ValidationError:
                counts[get_validator().is_valid(changed)] += 1
                continue
            errors = [error.message for error in get_validator().iter_errors(changed)]
            assert errors == [], f"{value!r} at {path}"
    # Most of what is wrong is told by the schema, too; the rest only by `envctl validate`.
    assert counts[False] > 5 * counts[True], counts


@pytest.mark.parametrize(
    "wrong",
    [
        "[environments.prod]\nprotect = true",
        "[environments.prod]\naccount_id = 3",
        '[environments.prod.gates]\nsoak = "1 day"',
    ],
)
def test_wrong_key_and_value_are_told(wrong: str) -> None:
    text = GOOD.replace("[environments.prod.gates]\napprovals = { peer = 1, business = 2 }", wrong)
    assert not get_validator().is_valid(tomllib.loads(text))


def test_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == get_schema(), "run: make schemas"
