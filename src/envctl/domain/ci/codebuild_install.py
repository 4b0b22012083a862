"""The files with which builds of AWS CodeBuild install envctl: a script, and the lock files beside it."""

from envctl.domain.ci.package import render_install, render_launcher
from envctl.domain.config.ci_package import PackageSource

FOLDER = ".codebuild/envctl"
"""In the folder of the project."""
INSTALL_FILE = "install.sh"


def render_codebuild_install(source: PackageSource) -> str:
    """Return the script, without its header."""
    script = (
        "# Installs envctl into a folder of the build alone: sh install.sh FOLDER",
        "set -eu",
        'envctl_home="$1"',
        'locks=$(cd "$(dirname "$0")" && pwd)',
        'rm -rf "$envctl_home"',
        'mkdir -p "$envctl_home/bin"',
        *render_install(source, venv="$envctl_home/venv", locks="$locks", project="$locks/../.."),
        *render_launcher("$envctl_home"),
    )
    return "".join(f"{line}\n" for line in script)
