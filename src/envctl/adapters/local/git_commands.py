"""Calls of git that no variable of the caller and no setting of a repository leads elsewhere."""

import os
import subprocess
from pathlib import Path

from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.disk.project_search import find_repository_top
from envctl.domain.ci.program_variables import find_credentials, remove_variables

_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM"})  # as HOME, they name settings
_FIXED = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull, "GIT_OPTIONAL_LOCKS": "0"}
_SETTINGS = ("safe.bareRepository=explicit", "core.fsmonitor=false", f"core.hooksPath={os.devnull}")
_KEY, _VALUE = "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"


def run_git(folder: Path, *arguments: str) -> str | None:
    """Return the output of git in that folder; None without git, or if it fails."""
    output = run_git_bytes(folder, *arguments)
    # Names and paths may be in another encoding.
    return None if output is None else output.decode("utf-8", "replace").replace("\r\n", "\n").strip()


def run_git_bytes(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """Git takes the nearest repository, or none: a folder of the tree is no repository, and no program of it runs."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    # A container may have no other place to say which folders are safe.
    numbers = (name.removeprefix(_KEY) for name, value in os.environ.items() if value.lower() == "safe.directory")
    safe = [f"safe.directory={os.environ.get(f'{_VALUE}{number}', '')}" for number in sorted(numbers)]
    settings = [word for each in (*_SETTINGS, *safe) for word in ("-c", each)]
    try:
        top = find_repository_top(resolve_path(folder))
        place = {"GIT_CEILING_DIRECTORIES": os.fspath(top.parent), "GIT_WORK_TREE": os.fspath(top)} if top else {}
        done = subprocess.run(
            ["git", *settings, *arguments],  # noqa: S607
            cwd=folder,
            env=remove_variables(variables, find_credentials(variables)) | _FIXED | place,
            input=stdin,
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
