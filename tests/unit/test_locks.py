"""The locks: what runs is what was tested, nothing is missing in it, and nothing is there that nobody needs."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^ {4}--hash=(sha256:[0-9a-f]{64})")
Pin = tuple[str, str, frozenset[str]]


def pins(name: str) -> dict[str, Pin]:
    """The version of each package, where it is for, and its hashes."""
    found: dict[str, Pin] = {}
    package = ""
    for line in (TOP / name).read_text().splitlines():
        if pin := PIN.match(line):
            package = canonicalize_name(pin["name"])
            found[package] = (pin["version"], pin["marker"] or "", frozenset())
        elif hashed := HASH.match(line):
            version, marker, hashes = found[package]
            found[package] = (version, marker, hashes | {hashed[1]})
        else:
            assert line.lstrip().startswith("#"), line
    return found


ALL = pins("requirements.lock")
OWN: Mapping[str, Sequence[str]] = PROJECT["project"]["optional-dependencies"]
ROOTS: dict[str, list[str]] = {
    "requirements-run.lock": [*PROJECT["project"]["dependencies"], *OWN["embedded"]],
    "requirements-build.lock": PROJECT["dependency-groups"]["build"],
}


def needed(roots: Sequence[str]) -> Iterator[str]:
    """Each package below these, as those that are installed say it themselves, for this machine."""
    known: set[str] = set()
    left = [Requirement(root) for root in roots]
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        extras = ["", *wanted.extras]
        if name in known or not (wanted.marker is None or wanted.marker.evaluate()):
            continue
        known.add(name)
        yield name
        left += [
            each
            for each in map(Requirement, metadata.requires(name) or ())
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
        ]


@pytest.mark.parametrize("lock", ROOTS)
def test_locked_version_is_the_tested_version(lock: str) -> None:
    for name, (version, _, hashes) in pins(lock).items():
        assert (version, hashes) == (ALL[name][0], ALL[name][2]), name
        assert hashes, name


@pytest.mark.parametrize("lock", ROOTS)
def test_locked_version_satisfies_the_project_requirement(lock: str) -> None:
    for root in map(Requirement, ROOTS[lock]):
        version, *_ = pins(lock)[canonicalize_name(root.name)]
        assert root.specifier.contains(version), root


@pytest.mark.parametrize("lock", ROOTS)
def test_lock_has_exactly_the_needed_packages(lock: str) -> None:
    here = {name for name, (_, marker, _) in pins(lock).items() if not marker or Marker(marker).evaluate()}
    assert here == set(needed(ROOTS[lock]))


def test_lock_names_no_package_index() -> None:
    for lock in (*ROOTS, "requirements.lock"):
        assert "://" not in (TOP / lock).read_text()
        assert "--index" not in (TOP / lock).read_text()
