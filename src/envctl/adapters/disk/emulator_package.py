"""The package kube-api-emulator, which is installed beside envctl: whether it is there, and the line that installs it.

No metadata of envctl names it: its name is free in the public index, and pip would install what another project puts
there.
"""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from envctl import DISTRIBUTION
from envctl.domain.config.ci_package import KUBERNETES_FOLDER, KUBERNETES_NAME
from envctl.domain.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMAS = "kube_api_emulator"
_SERVER_MODULES = (_SCHEMAS, "cel_expr_python")


def require_schemas() -> None:
    """Check for the types of Kubernetes' own kinds. Raises ConfigurationError (E614)."""
    if find_spec(_SCHEMAS) is None:
        message = f"stacks of Kubernetes objects need the package {KUBERNETES_NAME}, which is not installed"
        raise ConfigurationError(Problem("E614", message, f"install it: {format_install_line()}"))


def find_missing_modules() -> tuple[str, ...]:
    """Return what the server of clusters needs and this Python lacks."""
    return tuple(name for name in _SERVER_MODULES if find_spec(name) is None)


def format_install_line(extra: Literal["", "server"] = "") -> str:
    """Return the line that installs the package, from where envctl itself was installed if that is known."""
    try:
        origin = read_origin(distribution(DISTRIBUTION))
    except PackageNotFoundError:
        origin = {}
    source = choose_source(origin, f"[{extra}]" if extra else "")
    return f"{shlex.quote(sys.executable)} -m pip install {shlex.quote(source)}"


def read_origin(own: Distribution) -> Mapping[str, Any]:
    """Return where pip took a package from, as PEP 610 has it; empty for a package index."""
    try:
        origin = json.loads(own.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return origin if isinstance(origin, dict) else {}


def choose_source(origin: Mapping[str, Any], extra: str = "") -> str:
    """Return what pip installs the package from. `origin` is where it took envctl from, as `read_origin` returns it."""
    match origin:
        case {"url": str(url), "dir_info": _}:
            return f"{url.removeprefix('file://')}/{KUBERNETES_FOLDER}{extra}"
        case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit)}}:
            return f"{KUBERNETES_NAME}{extra} @ {vcs}+{url}@{commit}#subdirectory={KUBERNETES_FOLDER}"
        case _:
            return f"{KUBERNETES_NAME}{extra} @ git+https://HOST/OWNER/envctl@COMMIT#subdirectory={KUBERNETES_FOLDER}"
