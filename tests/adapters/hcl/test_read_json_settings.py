"""Settings files in JSON syntax: exact values with their lines, and refused files."""

from decimal import Decimal

import pytest

from envctl.adapters.hcl.json_settings import read_json_settings
from envctl.domain.errors import ConfigurationError
from tests.catching import catch

FILE = "config/prod.tfvars.json"


def test_values_are_exact_and_have_their_lines() -> None:
    text = '\ufeff{"a": 1.50, "//": "a comment",\n\n "b" : {"c": [2e3, "${x}", null]}\n ,"d": 0.12345678901234567890}'
    found = read_json_settings(text.encode(), FILE)
    assert {each.name: (each.value, each.location.line) for each in found.assignments} == {
        "a": (1.5, 1),
        "b": ({"c": [2000, "${x}", None]}, 3),
        "d": (Decimal("0.12345678901234567890"), 4),
    }


REFUSED = {
    "no JSON": (b'{"a": }', 1),
    "an open object": (b'{\n"a": 1', 2),
    "an empty file": (b"", 1),
    "a list": (b"[1]", 1),
    "a name twice": (b'{"a": 1, "a": 2}', None),
    "a key of a map twice": (b'{"a": {"hush": 1, "hush": 2}}', None),
    "no number": (b'{"a": NaN}', None),
    "no name of a variable": (b'{"a": 1,\n"b c": 1}', 2),
    "another encoding": (b'{\n"a": "\xff"}', 2),
    "half of a letter": (rb'{"a": [{"hush": "\uD83D"}]}', None),
    "too deep": (b'{"a": ' + b"[" * 100_000, None),
}


@pytest.mark.parametrize(("data", "line"), REFUSED.values(), ids=REFUSED.keys())
def test_unreadable_file_is_refused_without_its_values(data: bytes, line: int | None) -> None:
    (problem,) = catch(ConfigurationError, read_json_settings, data, FILE).problems
    assert (problem.code, problem.location and problem.location.file) == ("E201", FILE)
    assert problem.location and problem.location.line == line
    assert "hush" not in problem.message + problem.hint
