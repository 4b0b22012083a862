"""Each patch is needed, and each patch works."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aws_api_emulator.patches import PATCHES
from tests.moto_gaps import PROBES

NAMES = [patch.name for patch in PATCHES]


def test_every_patch_has_a_probe_of_its_gap() -> None:
    assert sorted(PROBES) == sorted(NAMES)


@pytest.fixture(scope="module")
def stock() -> dict[str, bool]:
    return gaps("stock")


@pytest.fixture(scope="module")
def patched() -> dict[str, bool]:
    return gaps("patched")


# It changes with the version of moto alone.
@pytest.mark.night
@pytest.mark.parametrize("name", NAMES)
def test_moto_still_has_the_patched_gap(name: str, stock: dict[str, bool]) -> None:
    assert stock[name], f"moto has mended {name} itself: remove the patch"


@pytest.mark.parametrize("name", NAMES)
def test_the_patch_closes_the_gap(name: str, patched: dict[str, bool]) -> None:
    assert not patched[name]


def gaps(mode: str) -> dict[str, bool]:
    """In a process of its own: a patch changes moto for the whole process."""
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.moto_gaps", mode],
        cwd=Path(__file__).parents[1],
        env=os.environ | keys,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, bool] = json.loads(done.stdout)
    return answer
