"""Every supported Python of this machine imports envctl: a change of Python is seen before an image has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import envctl

# Of the domain, which needs no package. Dataclasses are made as `envctl` makes them.
IMPORT = """
import importlib, pkgutil
from envctl.cli.late_methods import delay_dataclass_methods
delay_dataclass_methods()
import envctl.domain
for module in pkgutil.walk_packages(envctl.domain.__path__, "envctl.domain."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        assert not error.name.startswith("envctl"), error
from envctl.domain.errors import Problem
print(Problem("E1", "message").code)
"""
SUPPORTED = [f"python3.{minor}" for minor in range(11, 20)]


def find_pythons() -> list[str]:
    """Return one of each supported version, and the running one."""
    path = os.pathsep.join(("/usr/bin", "/usr/local/bin", os.environ.get("PATH", "")))
    found = {os.path.realpath(file) for name in SUPPORTED if (file := shutil.which(name, path=path))}
    return sorted({sys.executable, *(each for each in found if "pyenv/shims" not in each)})


@pytest.mark.parametrize("python", find_pythons(), ids=lambda file: Path(file).name)
def test_domain_is_imported_by_each_python(python: str) -> None:
    source = Path(str(envctl.__file__)).parents[1]
    words = [python, "-B", "-c", f"import sys; sys.path.insert(0, {str(source)!r})\n{IMPORT}"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "E1\n"), ended.stderr
