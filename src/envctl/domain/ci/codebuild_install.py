"""The files with which builds of AWS CodeBuild install envctl: a script, and the lock files beside it."""

from collections.abc import Mapping

from envctl.domain.ci.package import render_install, render_launcher, render_locks
from envctl.domain.config.ci_package import PackageSource

FOLDER = ".codebuild/envctl"
"""In the folder of the project."""
INSTALL_FILE = "install.sh"


def render_codebuild_files(source: PackageSource, locks: Mapping[str, str]) -> dict[str, str]:
    """Return the files by path in the project, without headers. `locks` are the texts of the Templates port."""
    script = (
        "# Installs envctl into a folder of the build alone: sh install.sh FOLDER",
        "set -eu",
        'envctl_home="$1"',
        'locks=$(cd "$(dirname "$0")" && pwd)',
        'rm -rf "$envctl_home"',
        'mkdir -p "$envctl_home/bin"',
        *render_install(source, venv="$envctl_home/venv", locks="$locks"),
        *render_launcher("$envctl_home"),
    )
    files = {INSTALL_FILE: "".join(f"{line}\n" for line in script), **render_locks(source, locks)}
    return {f"{FOLDER}/{name}": text for name, text in files.items()}
