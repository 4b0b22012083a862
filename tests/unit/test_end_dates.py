"""Code that is there for a version of something, until that version goes."""

import tomllib
from pathlib import Path

from packaging.specifiers import SpecifierSet

TOP = Path(__file__).parents[2]
LATE_METHODS = TOP / "src" / "envctl" / "cli" / "late_methods.py"


def test_late_methods_end_with_python_3_12() -> None:
    supported = SpecifierSet(tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["requires-python"])
    message = f"no supported Python needs it: delete {LATE_METHODS.relative_to(TOP)}, its call and its tests"
    assert supported.contains("3.12.99") or not LATE_METHODS.exists(), message
