"""Wheels of packages without their index: made from what is installed beside these tests. No tests."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
COMMIT_TIME = "1764000000"


def build_distributions(clone: Path, target: Path) -> None:
    """Build the wheel and the source archive of a clone."""
    subprocess.run(
        [Path(sys.executable).with_name("hatchling"), "build", "--directory", target],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": COMMIT_TIME},
        check=True,
        capture_output=True,
        timeout=60,
    )


def copy_clone(target: Path) -> Path:
    """Copy the files of this package that git knows, or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def find_requirements(names: list[str]) -> set[str]:
    """Return packages and all that they need on this machine."""
    found: set[str] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        wanted = waiting.pop()
        if wanted.name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found.add(wanted.name)
            waiting += map(Requirement, distribution(wanted.name).requires or ())
    return found


def pack_wheel(installed: Distribution, folder: Path) -> None:
    """Make a wheel of an installed package, with the first of its tags."""
    (tag,) = [line for line in (installed.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")][:1]
    files = [each for each in installed.files or () if not {"..", "__pycache__"} & set(each.parts)]
    (information,) = {file.parts[0] for file in files if file.name == "METADATA"}
    name = f"{information.removesuffix('.dist-info')}-{tag.removeprefix('Tag: ')}.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file in files:
            if file.name not in ("INSTALLER", "RECORD", "REQUESTED"):
                wheel.write(str(file.locate()), str(file))
        wheel.writestr(f"{information}/RECORD", "")


def find_pythons() -> list[Path]:
    """Return a Python of each supported version that this machine has, without the shims of pyenv."""
    names = [f"python3.{minor}" for minor in range(11, 20)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    folders = [*map(Path, os.get_exec_path()), *sorted(pyenv.glob("*/bin"))]
    found = {
        name: folder / name
        for name in names
        for folder in reversed(folders)
        if folder.name != "shims" and (folder / name).is_file()
    }
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return list({**found, own: Path(sys.executable)}.values())


def create_environment(python: Path, folder: Path, *options: str) -> Path:
    """Make a virtual environment with nothing in it, and return its folder of programs."""
    subprocess.run([python, "-m", "venv", *options, folder], check=True, capture_output=True, timeout=100)
    return folder / "bin"


def select_locked(lock: Path, names: set[str]) -> str:
    """Return the part of a lock with some packages, and their hashes."""
    entries = re.split(r"^(?=[a-z0-9])", lock.read_text(), flags=re.MULTILINE)
    return "".join(entry for entry in entries if re.split(r"[=\[ ]", entry)[0] in names)
