"""The page on security names for each promise a test that exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security-promises.md").read_text()
HELD = PAGE.partition("\n## Promises\n")[2].partition("\n## ")[0]
GROUPS = dict(re.findall(r"^### (.+)\n\n((?:\|.*\n)+)", HELD, re.MULTILINE))
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for table in GROUPS.values()
    for line in table.splitlines()[2:]
]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


def find_names(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Returns the names that a module or class defines, each with the body of its own."""
    found: dict[str, list[ast.stmt]] = {}
    for each in body:
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            found[each.name] = each.body
        elif isinstance(each, ast.Assign):
            found |= {target.id: [] for target in each.targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize("named", NAMED)
def test_each_named_test_exists(named: str) -> None:
    path, *steps = named.split("::")
    assert Path(path).name.startswith("test_")
    found = find_names(ast.parse((ROOT / path).read_text()).body)
    assert any(name.startswith(("test_", "Test")) for name in found), f"{path} holds no test"
    for step in steps:
        assert step.startswith(("test_", "Test"))
        assert step in found, f"{path} has no {step}"
        found = find_names(found[step])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_promise_names_its_test(row: list[str]) -> None:
    held, against, tests = row
    assert held
    assert against
    assert re.fullmatch(r"`tests/[\w/]+\.py[\w:]*`(, `tests/[\w/]+\.py[\w:]*`)*", tests)


def test_no_group_of_promises_is_empty() -> None:
    assert list(GROUPS) == re.findall(r"^### (.+)$", HELD, re.MULTILINE)
    assert len(GROUPS) == 6
    assert all(len(table.splitlines()) > 2 for table in GROUPS.values())
