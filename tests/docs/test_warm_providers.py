"""docs/warm-providers.md names each reason for which Terraform starts its providers itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import envctl.adapters.terraform.warm
from tests.docs.prose import ROOT

WARM = Path(envctl.adapters.terraform.warm.__path__[0])
# Text of the system, which no page can list.
FOREIGN = "str(error)"
# The one of these texts that envctl itself has for the system.
SYSTEM = {"no folder has a path short enough for a socket"}


def list_reasons() -> Iterator[str]:
    """The messages of UncertainError in the source, with NAME in place of each value."""
    for file in sorted(WARM.glob("*.py")):
        tree = ast.parse(file.read_text())
        constants = {
            each.targets[0].id: each.value
            for each in tree.body
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "UncertainError":
                yield from _read_texts(node.args[0], constants)


def _read_texts(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _read_texts(node.body, constants)
        yield from _read_texts(node.orelse, constants)
    elif isinstance(node, ast.Name):
        yield from _read_texts(constants[node.id], constants)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "NAME" for part in node.values)
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    else:
        assert ast.unparse(node) == FOREIGN, "this reason can't be compared with the page"


def test_page_names_each_reason() -> None:
    page = (ROOT / "docs/warm-providers.md").read_text()
    named = {each for line in page.splitlines() if line.startswith("|") for each in re.findall(r"`([^`]+)`", line)}
    reasons = set(list_reasons())
    assert len(reasons) > 10
    assert reasons - named == set()
    first = {
        each
        for line in re.findall(r"^\| (`[^|]+) \|", _find_table(page), re.MULTILINE)
        for each in re.findall(r"`([^`]+)`", line)
    }
    assert first - reasons == SYSTEM


def _find_table(page: str) -> str:
    return page.partition("## When Terraform starts providers itself")[2].partition("\n## ")[0]
