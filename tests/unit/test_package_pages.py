"""The page of a package, its docstring: what it holds, where a reader begins, and what is out of scope."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import envctl

ROOT = Path(envctl.__file__).parent
LAYERS = ("domain", "usecases", "adapters", "cli")
INNER = ("adapters/terraform/init", "adapters/terraform/warm")
PACKAGES = sorted(
    [str(file.parent.relative_to(ROOT)) for layer in LAYERS for file in (ROOT / layer).glob("*/__init__.py")]
    + list(INNER)
)
PATH = re.compile(r"`((?:\w+/)*\w+(?:\.py|/))`")
NAME = re.compile(r"`(\w+\.py)`: ((?:`[\w.]+`(?:, )?)+)|`((?:\w+/)+\w+\.py)`: ((?:`[\w.]+`(?:, )?)+)")


def _read_page(package: str) -> str:
    return ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text())) or ""


def _find_begin(page: str) -> str:
    (begin,) = re.findall(r"^Begin with (.+?)(?:$| Out of scope: )", page, re.MULTILINE)
    return str(begin)


def _list_names(package: str) -> Iterator[tuple[Path, str]]:
    """Yield each file of the line `Begin with` with a name that it should define."""
    for here, names, below, others in NAME.findall(_find_begin(_read_page(package))):
        for name in re.findall(r"`([\w.]+)`", names or others):
            yield ROOT / package / (here or below), name


@pytest.mark.parametrize("package", PACKAGES)
def test_page_says_contents_begin_and_limits(package: str) -> None:
    page = _read_page(package)
    first, empty, *rest = page.splitlines()
    assert len(first.split()) > 2
    assert first.endswith(".")
    assert empty == ""
    assert rest, "Begin with `FILE.py`: `FUNCTION`. Out of scope: WHAT (`PLACE`)."
    assert len(re.findall(r"(?:^|\. )Out of scope: \w.+\.$", page, re.MULTILINE)) == 1
    assert PATH.search(_find_begin(page))


@pytest.mark.parametrize("package", PACKAGES)
def test_files_of_page_exist(package: str) -> None:
    places = (ROOT / package, ROOT, ROOT.parent, ROOT.parents[1])
    missing = [name for name in PATH.findall(_read_page(package)) if not any((each / name).exists() for each in places)]
    assert missing == []


@pytest.mark.parametrize("package", PACKAGES)
def test_names_at_begin_are_defined_there(package: str) -> None:
    for file, name in _list_names(package):
        outer, _, inner = name.partition(".")
        text = file.read_text()
        assert re.search(rf"^(?:def |class |type )?{outer}\b(?:\(|:| =)", text, re.MULTILINE), (file.name, name)
        assert not inner or f"    def {inner}(" in text, (file.name, name)


def test_most_pages_name_a_function_or_class() -> None:
    assert sum(bool(list(_list_names(each))) for each in PACKAGES) > len(PACKAGES) * 0.8
