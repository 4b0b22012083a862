"""Large dataclasses are made by keyword: two neighbouring values of one type can't be swapped unnoticed."""

import ast
import re
from functools import cache
from pathlib import Path

import envctl

SOURCES = Path(envctl.__file__).parent
MAX_FIELDS = 6
DATACLASS = re.compile(r"^@dataclass\b.*\n(?:@.*\n)*class .*\n(?:(?:[ \t)].*)?\n)*", re.MULTILINE)


@cache
def list_dataclasses() -> list[ast.ClassDef]:
    # Not at import: each process of the tests imports this, and parsing takes long.
    return [
        node
        for path in sorted(SOURCES.rglob("*.py"))
        if "dataclass" in (text := path.read_text())
        # Each class alone: all of envctl takes twice as long.
        for found in DATACLASS.finditer(text)
        for node in ast.parse(found[0]).body
        if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(each) for each in node.decorator_list)
    ]


@cache
def find_dataclass(name: str) -> ast.ClassDef | None:
    return {cls.name: cls for cls in list_dataclasses()}.get(name)


def list_fields(cls: ast.ClassDef) -> list[tuple[str, str]]:
    """Return name and type of what its constructor takes, inherited ones first; `_` where keywords alone begin."""
    inherited = (found for base in cls.bases if (found := find_dataclass(ast.unparse(base))))
    texts = ((node, ast.unparse(node)) for node in cls.body if isinstance(node, ast.AnnAssign))
    own = (node for node, text in texts if "ClassVar" not in text and "init=False" not in text)
    names = [(ast.unparse(node.target), ast.unparse(node.annotation)) for node in own]
    return [each for base in inherited for each in list_fields(base)] + names


def is_keyword_only(cls: ast.ClassDef) -> bool:
    """Tell whether two values can't be swapped: by position come at most a few first ones, all of different types."""
    if any("kw_only=True" in ast.unparse(each) for each in cls.decorator_list):
        return True
    kinds = [kind for _, kind in list_fields(cls)]
    first = kinds[: kinds.index("KW_ONLY")] if "KW_ONLY" in kinds else kinds
    return first != kinds and len(set(first)) == len(first)


def test_large_dataclasses_take_only_keywords() -> None:
    large = [cls for cls in list_dataclasses() if sum(name != "_" for name, _ in list_fields(cls)) > MAX_FIELDS]
    assert len(large) > 100
    written = sum(len(re.findall(r"^ *@dataclass\b", path.read_text(), re.MULTILINE)) for path in SOURCES.rglob("*.py"))
    assert len(list_dataclasses()) == written, "DATACLASS finds each of them"
    by_position = [cls.name for cls in large if not is_keyword_only(cls)]
    assert not by_position, f"{', '.join(by_position)}: write @dataclass(..., kw_only=True)"
