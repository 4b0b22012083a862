"""Each wheel alone, in a fresh environment of each Python of this machine: installed by its hash, and run."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from envctl import DISTRIBUTION, __version__
from tests.cli.test_other_pythons import find_pythons
from tests.docs.test_installing import index
from tests.programs import SYSTEM_PATH
from tests.scaffold import create_project

ROOT = Path(__file__).parents[1]
PINNED = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "--no-cache-dir"]
each_python = pytest.mark.parametrize("python", find_pythons(), ids=lambda file: Path(file).name)


class Environment:
    """A fresh environment of a Python, and a file that names a wheel by its hash."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder / "environment"
        subprocess.run([python, "-I", "-m", "venv", self.folder], check=True, timeout=120)

    def install(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        return self.run("python", "-I", "-m", "pip", "install", *PINNED, *words)

    def run(self, program: str, *words: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.folder / "bin" / program, *words],
            cwd=cwd or self.folder,
            env={"PATH": SYSTEM_PATH, "HOME": os.fspath(self.folder), **index()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=540,
            check=False,
        )


def write_lock(name: str, wheel: Path) -> Path:
    lock = wheel.with_suffix(".txt")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock.write_text(f"{name} @ file://{wheel} --hash=sha256:{digest}\n")
    return lock


def build(folder: Path, into: Path) -> Path:
    (wheel,) = WheelBuilder(os.fspath(folder)).build(directory=os.fspath(into), versions=["standard"])
    return Path(wheel)


@pytest.mark.index
@pytest.mark.night
@pytest.mark.slow
@pytest.mark.timeout(900)
@each_python
def test_wheel_of_envctl_needs_its_lock_alone(python: str, tmp_path: Path) -> None:
    wheel = build(ROOT, tmp_path)
    environment = Environment(tmp_path, python)
    for lock in (ROOT / "requirements-build.lock", ROOT / "requirements-run.lock", write_lock(DISTRIBUTION, wheel)):
        done = environment.install("--no-build-isolation", "--requirement", lock)
        assert done.returncode == 0, done.stdout
    assert environment.run("envctl", "--version").stdout == f"envctl {__version__}\n"
    said = environment.run("envctl", "validate", cwd=create_project(tmp_path))
    assert (said.returncode, said.stdout[:6]) == (0, "Valid:"), said.stdout
    assert "envctl recover" in environment.run("envctl", "explain", "E313").stdout
