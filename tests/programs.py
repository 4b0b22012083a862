"""PATHs without the programs of this machine that the tests bring themselves. No tests.

envctl takes the first Terraform, kubectl and helm on a PATH, and what requirements.lock pins is what is tested. So each
PATH of a test ends with `SYSTEM_PATH` or with the PATH of the tests, and `tests/test_programs.py` finds any other.
"""

import os
import shutil
import sysconfig
import tempfile
from functools import cache
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))
"""The programs of the pinned packages."""
_NO_SCRIPTS = ("kubectl", "helm", "kustomize", "terraform", "tofu", "envctl")
"""Those that envctl looks for, also if no package has them as a script: Terraform is a library, helm in an archive."""
_PYTHON = ("python", "pip", "activate")
_PROCESS = os.getpid()


@cache
def list_hidden_programs() -> frozenset[str]:
    """Return the names that mean a pinned program, or none. Not Python: some tests run each one of the machine."""
    names = (each.name for each in SCRIPTS.iterdir() if each.is_file())
    return frozenset({each for each in names if not each.lower().startswith(_PYTHON)} | {*_NO_SCRIPTS})


def hide_programs(path: str) -> str:
    """Return a PATH with a folder of links in place of each folder that has a hidden program."""
    return os.pathsep.join(map(_hide_in_folder, path.split(os.pathsep)))


def remove_links() -> None:
    """Remove the folders of links at the end of the tests: not at that of a process that was split off."""
    if _create_folder.cache_info().currsize and os.getpid() == _PROCESS:
        shutil.rmtree(_create_folder(), ignore_errors=True)


@cache
def _create_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="envctl-programs-"))


def _hide_in_folder(folder: str) -> str:
    real = Path(folder).resolve()
    if not Path(folder).is_absolute() or not real.is_dir() or real == SCRIPTS.resolve():
        return folder
    return _link_other_programs(real) or folder


@cache
def _link_other_programs(real: Path) -> str:
    """Return the folder of links; empty if this one has nothing to hide."""
    names = {each.name for each in real.iterdir()}
    if names.isdisjoint(list_hidden_programs()):
        return ""
    links = _create_folder() / str(real).strip(os.sep).replace(os.sep, "-")
    links.mkdir()
    # By a link, the Python of another virtual environment would not find its packages.
    is_environment = real.with_name("pyvenv.cfg").exists()
    for name in () if is_environment else names - list_hidden_programs():
        (links / name).symlink_to(real / name)
    return str(links)


SYSTEM_PATH = hide_programs("/usr/bin:/bin")
"""For processes with the programs of the system, and nothing else of the caller's PATH."""
IMAGE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""For what builds an image, and never starts envctl: below the root of an image, no folder of links exists."""
