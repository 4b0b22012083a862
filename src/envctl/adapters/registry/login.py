"""One's own login to a registry, as docker keeps it: in its `config.json`, or with a credential helper."""

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.registry.failures import no_login
from envctl.domain.images.image_reference import DOCKER_HUB

HELPER_SECONDS = 15
_NAMES_OF_HUB = ("https://index.docker.io/v1/", "index.docker.io", DOCKER_HUB, "registry-1.docker.io")
_NOT_FOUND = "credentials not found"
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Login:
    """A user's name and password, or with `identity` a token that others are given for."""

    user: str
    secret: str = field(repr=False)
    identity: bool = False

    @property
    def basic(self) -> str:
        return f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"


def find(registry: str, environ: Mapping[str, str]) -> Login | None:
    """Raises OperationFailedError where there is one that can't be read."""
    config = _config(environ)
    names = tuple(_names(registry))
    helpers = config.get("credHelpers")
    chosen = next((helpers[name] for name in names if name in helpers), None) if isinstance(helpers, dict) else None
    if isinstance(helper := chosen or config.get("credsStore"), str):
        found = next((login for name in names if (login := _from_helper(helper, name, environ))), None)
        if found or chosen:
            return found
    auths = config.get("auths")
    kept = next((auths[name] for name in names if auths.get(name)), None) if isinstance(auths, dict) else None
    return _kept(registry, kept) if isinstance(kept, dict) else None


def _names(registry: str) -> Iterator[str]:
    """Under which a login may be kept. Old ones are URLs."""
    if registry in _NAMES_OF_HUB:
        yield from _NAMES_OF_HUB
        return
    yield from (
        registry,
        f"https://{registry}",
        f"https://{registry}/",
        f"https://{registry}/v1/",
        f"https://{registry}/v2/",
    )


def _config(environ: Mapping[str, str]) -> dict[str, object]:
    folder = environ.get("DOCKER_CONFIG") or os.fspath(Path(environ.get("HOME") or "/") / ".docker")
    file = Path(folder) / "config.json"
    try:
        found = json.loads(read_bytes(file))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise no_login(f"{file}: {(error.strerror or 'it can not be read').lower()}") from None
    except (ValueError, RecursionError):
        raise no_login(f"{file} is not JSON") from None
    return found if isinstance(found, dict) else {}


def _kept(registry: str, kept: Mapping[str, object]) -> Login | None:
    token = kept.get("identitytoken")
    if isinstance(token, str) and token:
        return Login("", token, identity=True)
    auth = kept.get("auth")
    if not isinstance(auth, str) or not auth:
        return None
    try:
        user, colon, secret = base64.b64decode(auth).decode().rstrip("\0").partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise no_login(f"what is kept for {registry} is no login")
    return Login(user, secret)


def _from_helper(helper: str, name: str, environ: Mapping[str, str]) -> Login | None:
    program = f"docker-credential-{helper}"
    if not _HELPER.fullmatch(helper):
        raise no_login("the name of its credential helper is none")
    try:
        done = subprocess.run(
            [program, "get"], input=name.encode(), capture_output=True, timeout=HELPER_SECONDS, check=False, env=environ
        )
    except subprocess.TimeoutExpired:
        raise no_login(f"{program} does not answer") from None
    except OSError as error:
        raise no_login(f"{program}: {(error.strerror or 'it can not be started').lower()}") from None
    if done.returncode != 0:
        # What else it says may hold anything, and is not repeated.
        if _NOT_FOUND in done.stdout.decode(errors="replace").lower():
            return None
        raise no_login(f"{program} fails")
    try:
        said = json.loads(done.stdout)
        user, secret = str(said["Username"]), str(said["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise no_login(f"{program} says something that is no login") from None
    return Login("", secret, identity=True) if user == "<token>" else Login(user, secret)
