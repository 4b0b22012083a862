"""The kubeconfig for a program of `envctl exec`: a file without a secret, in a folder that only its owner enters."""

import os
from collections.abc import Mapping
from pathlib import Path

from envctl.adapters.disk.faults import unwritable_error
from envctl.adapters.disk.files import write_private
from envctl.adapters.disk.paths import expand_home

VARIABLE, DEFAULT_FILE = "KUBECONFIG", "~/.kube/config"


def write_kubeconfig(folder: Path, environment: str, text: str) -> Path:
    """Write the kubeconfig of an environment, in place of an earlier one, and return its path.

    It stays: envctl has become the program when that ends. Raises OperationFailedError.
    """
    path = folder / f"{environment}.json"
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        write_private(fresh, text.encode())
        # Another program of the same environment may read it at this moment.
        fresh.replace(path)
    except OSError as error:
        raise unwritable_error(path, error) from error
    return path


def join_kubeconfigs(path: Path, inherited: Mapping[str, str]) -> str:
    """Return the variable for the file, followed by the caller's own files."""
    own = inherited.get(VARIABLE) or str(expand_home(DEFAULT_FILE))
    return f"{path}{os.pathsep}{own}"
