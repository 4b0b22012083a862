"""The Installation port: metadata of the packages in the Python environment that runs envctl."""

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions

from envctl import DISTRIBUTION
from envctl.adapters.disk.emulator_package import read_origin
from envctl.domain.config.ci_package import PACKAGE_PATTERN
from envctl.usecases.ports.installation import Package

_SHARED = "envctl"
"""The command, the Python package, and the name for pip of another project."""
# As RECORD lists them: paths from the folder of the package.
_SHARED_FILES = re.compile(rf"^(?:{_SHARED}/|\.\./.*/bin/{_SHARED},)", re.MULTILINE)


class InstalledPackages:
    """Searches `path`, by default all folders that Python imports from."""

    def __init__(self, path: Sequence[str] | None = None) -> None:
        self._path = sys.path if path is None else path

    def find_own_package(self) -> Package | None:
        return next((package for package, _ in self._list_packages() if package.name == DISTRIBUTION), None)

    def list_rivals(self) -> Sequence[Package]:
        found = {
            package
            for package, distribution in self._list_packages()
            if package.name != DISTRIBUTION and (package.name == _SHARED or _has_shared_files(distribution))
        }
        return sorted(found, key=str)

    def suggest_removal(self, rivals: Sequence[Package]) -> str:
        pip = f"{shlex.quote(sys.executable)} -m pip"
        uninstall = shlex.join(["uninstall", "--yes", *(package.name for package in rivals)])
        own = next((each for package, each in self._list_packages() if package.name == DISTRIBUTION), None)
        if own is None:
            return f"{pip} {uninstall}"
        return f"{pip} {uninstall} && {pip} install --force-reinstall --no-deps {_find_source(own)}"

    def find_ci_package(self) -> str:
        own = next((each for package, each in self._list_packages() if package.name == DISTRIBUTION), None)
        match read_origin(own) if own else {}:
            case {"url": str(url), "vcs_info": {"vcs": "git", "commit_id": str(commit)}}:
                found = f"git+{url}@{commit}"
            case {"url": str(url), "archive_info": {"hashes": {"sha256": str(digest)}}}:
                found = f"{url}#sha256={digest}"
            case _:
                return ""
        # A local folder, or an address with a password, is nothing for a file that is shared.
        return found if re.fullmatch(PACKAGE_PATTERN, found, re.ASCII) else ""

    def _list_packages(self) -> Iterator[tuple[Package, Distribution]]:
        for each in distributions(path=list(self._path)):
            # A damaged package has no name.
            if name := each.metadata["Name"]:
                normalized = re.sub(r"[-_.]+", "-", name).lower()
                yield Package(normalized, each.version, str(each.locate_file(""))), each


def _has_shared_files(distribution: Distribution) -> bool:
    # Old tools write no RECORD, but the names of the Python packages.
    names = (distribution.read_text("top_level.txt") or "").split()
    return _SHARED in names or bool(_SHARED_FILES.search(distribution.read_text("RECORD") or ""))


def _find_source(own: Distribution) -> str:
    """Return the words for pip that install the same version from the same place again."""
    origin = read_origin(own)
    url = str(origin.get("url", ""))
    match origin:
        case {"dir_info": {"editable": True}}:
            return f"--editable {shlex.quote(url.removeprefix('file://'))}"
        case {"dir_info": _}:
            return shlex.quote(url.removeprefix("file://"))
        case {"vcs_info": {"vcs": vcs, "commit_id": commit}}:
            return shlex.quote(f"{DISTRIBUTION} @ {vcs}+{url}@{commit}")
        case {"archive_info": _}:
            return shlex.quote(f"{DISTRIBUTION} @ {url}")
        case _:
            return f"{DISTRIBUTION}=={own.version}"
