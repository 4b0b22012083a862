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
from packaging.version import Version

from envctl.domain.config.ci_package import KUBERNETES_FOLDER

TOP = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())
EMULATOR: dict[str, Any] = tomllib.loads((TOP / KUBERNETES_FOLDER / "pyproject.toml").read_text())
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^ {4}--hash=(sha256:[0-9a-f]{64})")
Pin = tuple[str, str, frozenset[str]]


def pins(name: str) -> dict[str, Pin]:
    """The version of each package, where it is for, and its hashes."""
    found: dict[str, Pin] = {}
    package, counts = "", True
    for line in (TOP / name).read_text().splitlines():
        if pin := PIN.match(line):
            package = canonicalize_name(pin["name"])
            # A package with a version for each Python is listed once for each: the one for this Python counts.
            counts = package not in found or Marker(pin["marker"]).evaluate()
            if counts:
                found[package] = (pin["version"], pin["marker"] or "", frozenset())
        elif hashed := HASH.match(line):
            version, marker, hashes = found[package]
            if counts:
                found[package] = (version, marker, hashes | {hashed[1]})
        else:
            assert line.lstrip().startswith("#"), line
    return found


ALL = pins("requirements.lock")
OWN: Mapping[str, Sequence[str]] = PROJECT["project"]["optional-dependencies"]
ROOTS: dict[str, list[str]] = {
    "requirements-run.lock": [*PROJECT["project"]["dependencies"], *OWN["embedded"]],
    "requirements-build.lock": PROJECT["dependency-groups"]["build"],
    "requirements-demo.lock": [
        *PROJECT["project"]["dependencies"],
        *OWN["sandbox"],
        *OWN["embedded"],
        *EMULATOR["project"]["optional-dependencies"]["server"],
        *PROJECT["dependency-groups"]["build"],
        *(each for each in PROJECT["dependency-groups"]["demo"] if isinstance(each, str)),
    ],
}


def needed(roots: Sequence[str]) -> Iterator[str]:
    """Each package below these, as those that are installed say it themselves, for this machine."""
    known: set[tuple[str, str]] = set()
    left = [root for root in map(Requirement, roots) if root.marker is None or root.marker.evaluate()]
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        # A package may be reached first without an extra, and later with one.
        extras = [extra for extra in ("", *wanted.extras) if (name, extra) not in known]
        known |= {(name, extra) for extra in extras}
        yield name
        left += [
            each
            for each in map(Requirement, metadata.requires(name) or ())
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
            if extras
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


def test_patched_moto_is_pinned_to_one_minor_version() -> None:
    (moto,) = (Requirement(each) for each in OWN["sandbox"] if each.startswith("moto["))
    (least,) = (Version(each.version) for each in moto.specifier if each.operator == ">=")
    assert moto.specifier.contains(least)
    assert moto.specifier.contains(f"{least.major}.{least.minor}.999")
    assert not moto.specifier.contains(f"{least.major}.{least.minor + 1}.0")
    assert moto.specifier.contains(ALL["moto"][0])
