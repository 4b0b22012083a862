"""The user's login to a registry, as stored by docker: in its `config.json`, or by a credential helper."""

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.registry.failures import unreadable_login_error
from envctl.domain.images.image_reference import DOCKER_HUB

HELPER_SECONDS = 15
_DOCKER_HUB_NAMES = ("https://index.docker.io/v1/", "index.docker.io", DOCKER_HUB, "registry-1.docker.io")
_NOT_FOUND = "credentials not found"
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Login:
    """A user's name and password, or with `is_token` an identity token."""

    user: str
    secret: str = field(repr=False)
    is_token: bool = False

    @property
    def basic_authorization(self) -> str:
        return f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"


def find_login(registry: str, environ: Mapping[str, str]) -> Login | None:
    """Find the login; None if there is none. Raises OperationFailedError if it is unreadable."""
    config = _load_docker_config(environ)
    names = _list_stored_names(registry)
    helpers = config.get("credHelpers")
    chosen = next((helpers[name] for name in names if name in helpers), None) if isinstance(helpers, dict) else None
    if isinstance(helper := chosen or config.get("credsStore"), str):
        found = next((login for name in names if (login := _fetch_from_helper(helper, name, environ))), None)
        if found or chosen:
            return found
    auths = config.get("auths")
    stored = next((auths[name] for name in names if auths.get(name)), None) if isinstance(auths, dict) else None
    return _parse_stored_login(registry, stored) if isinstance(stored, dict) else None


def _list_stored_names(registry: str) -> tuple[str, ...]:
    """Return the possible names of a stored login. Old ones are URLs."""
    if registry in _DOCKER_HUB_NAMES:
        return _DOCKER_HUB_NAMES
    return (registry, *(f"https://{registry}{end}" for end in ("", "/", "/v1/", "/v2/")))


def _load_docker_config(environ: Mapping[str, str]) -> dict[str, object]:
    folder = environ.get("DOCKER_CONFIG") or os.fspath(Path(environ.get("HOME") or "/") / ".docker")
    file = Path(folder) / "config.json"
    try:
        found = json.loads(read_bytes(file))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable_login_error(f"{file}: {(error.strerror or 'unreadable').lower()}") from None
    except (ValueError, RecursionError):
        raise unreadable_login_error(f"{file} is not JSON") from None
    return found if isinstance(found, dict) else {}


def _parse_stored_login(registry: str, stored: Mapping[str, object]) -> Login | None:
    token = stored.get("identitytoken")
    if isinstance(token, str) and token:
        return Login("", token, is_token=True)
    auth = stored.get("auth")
    if not isinstance(auth, str) or not auth:
        return None
    try:
        user, colon, secret = base64.b64decode(auth).decode().rstrip("\0").partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise unreadable_login_error(f"the entry for {registry} is not a login")
    return Login(user, secret)


def _fetch_from_helper(helper: str, name: str, environ: Mapping[str, str]) -> Login | None:
    program = f"docker-credential-{helper}"
    if not _HELPER_NAME.fullmatch(helper):
        raise unreadable_login_error("the name of its credential helper is invalid")
    try:
        result = subprocess.run(
            [program, "get"], input=name.encode(), capture_output=True, timeout=HELPER_SECONDS, check=False, env=environ
        )
    except subprocess.TimeoutExpired:
        raise unreadable_login_error(f"{program} does not answer") from None
    except OSError as error:
        raise unreadable_login_error(f"{program}: {(error.strerror or 'not startable').lower()}") from None
    if result.returncode != 0:
        # Its output may hold a secret, and is not quoted.
        if _NOT_FOUND in result.stdout.decode(errors="replace").lower():
            return None
        raise unreadable_login_error(f"{program} fails")
    try:
        credentials = json.loads(result.stdout)
        user, secret = str(credentials["Username"]), str(credentials["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise unreadable_login_error(f"{program} did not return a login") from None
    return Login("", secret, is_token=True) if user == "<token>" else Login(user, secret)
