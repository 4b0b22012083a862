"""Patterns that are compiled at their first use behave like all others."""

import copy
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from envctl.cli.late_patterns import LatePattern, delay_patterns

SOURCE = """
import re

WORD = re.compile(r"(?P<word>[a-z]+)-\\d", re.IGNORECASE)
WRONG = re.compile("(")
INSIDE = [re.compile("b") for _ in range(1)]


def compile_now():
    return re.compile("a")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import a module of a package named envctl while patterns are delayed."""
    monkeypatch.setattr(re, "compile", re.compile)
    delay_patterns()
    (tmp_path / "late_sample.py").write_text(SOURCE)
    monkeypatch.setattr(sys.modules["envctl"], "__path__", [*sys.modules["envctl"].__path__, str(tmp_path)])
    yield import_module("envctl.late_sample")
    del sys.modules["envctl.late_sample"]


USES: dict[str, Any] = {
    "match": lambda pattern: pattern.fullmatch("Web-1")["word"],
    "search twice": lambda pattern: [pattern.search(text) is None for text in ("x", "web-1")],
    "function of re": lambda pattern: re.sub(pattern, r"<\g<word>>", "a web-1 b"),
    "another pattern": lambda pattern: re.compile(f"{pattern.pattern}$", pattern.flags).findall("web-2"),
    "type": lambda pattern: isinstance(pattern, re.Pattern),
    "copy": lambda pattern: copy.deepcopy(pattern).pattern,
    "groups": lambda pattern: (pattern.groups, dict(pattern.groupindex)),
}


@pytest.mark.parametrize("use", USES)
def test_late_patterns_behave_like_early_ones(use: str, module: Any) -> None:
    early = re.compile(r"(?P<word>[a-z]+)-\d", re.IGNORECASE)
    assert isinstance(module.WORD, re.Pattern) and type(module.WORD).__name__ == LatePattern.__name__
    assert USES[use](module.WORD) == USES[use](early)


def test_wrong_patterns_fail_at_their_first_use(module: Any) -> None:
    with pytest.raises(re.error):
        module.WRONG.match("x")


def test_patterns_beside_constants_are_compiled_at_once(module: Any) -> None:
    assert type(module.compile_now()) is re.Pattern
    assert [type(each) for each in module.INSIDE] == [re.Pattern]


def test_other_packages_compile_at_once(module: Any) -> None:
    assert type(re.compile(module.__name__)) is re.Pattern
    names: dict[str, Any] = {"__name__": "elsewhere", "re": re}
    exec(compile("PATTERN = re.compile('a')", "elsewhere", "exec"), names)
    assert type(names["PATTERN"]) is re.Pattern
