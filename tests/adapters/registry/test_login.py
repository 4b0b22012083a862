"""Logins as docker keeps them: in its file, or behind a program of its own."""

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import pytest

from envctl.adapters.registry.login import Login, find_login
from envctl.domain.errors import OperationFailedError
from tests.programs import SYSTEM_PATH

KEPT = {"auth": b64encode(b"ann:se:cret").decode()}
ANN = Login("ann", "se:cret")
HUB = "https://index.docker.io/v1/"
FOUND: dict[str, tuple[str, object, Login | None]] = {
    "by the host": ("r.example.com", {"auths": {"r.example.com": KEPT}}, ANN),
    "with its port": ("r.example.com:5000", {"auths": {"r.example.com:5000": KEPT}}, ANN),
    "not that of another port": ("r.example.com", {"auths": {"r.example.com:5000": KEPT}}, None),
    "not that of another host": ("r.example.com", {"auths": {"r.example.com.evil.org": KEPT}}, None),
    "by an old URL": ("r.example.com", {"auths": {"https://r.example.com/v1/": KEPT}}, ANN),
    "Docker's own, under its old name": ("docker.io", {"auths": {HUB: KEPT}}, ANN),
    "Docker's own is nobody else's": ("r.example.com", {"auths": {HUB: KEPT}}, None),
    "an identity": (
        "r.example.com",
        {"auths": {"r.example.com": {"identitytoken": "t"}}},
        Login("", "t", is_token=True),
    ),
    "nothing in it": ("r.example.com", {"auths": {"r.example.com": {}}}, None),
    "no logins": ("r.example.com", {}, None),
    "a file of another kind": ("r.example.com", [], None),
    "logins of another kind": ("r.example.com", {"auths": []}, None),
}


def kept(folder: Path, config: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": os.fspath(folder), "PATH": f"{folder}:{SYSTEM_PATH}"}


@pytest.mark.parametrize(("registry", "config", "login"), FOUND.values(), ids=FOUND.keys())
def test_login_of_a_registry_is(registry: str, config: object, login: Login | None, tmp_path: Path) -> None:
    assert find_login(registry, kept(tmp_path, config)) == login


def test_docker_login_is_read_from_home(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {"r.example.com": KEPT}}))
    assert find_login("r.example.com", {"HOME": os.fspath(tmp_path)}) == ANN
    assert find_login("r.example.com", {"HOME": "/nonexistent"}) is None


def test_login_is_hidden_in_representations() -> None:
    assert "cret" not in repr(ANN)


UNREADABLE: dict[str, object] = {
    "no base64": {"auths": {"r.example.com": {"auth": "?"}}},
    "no password": {"auths": {"r.example.com": {"auth": b64encode(b"ann").decode()}}},
    "no text": {"auths": {"r.example.com": {"auth": b64encode(b"\xff:\xff").decode()}}},
    "a helper that is not there": {"credsStore": "gone"},
    "a helper that is no name": {"credsStore": "../../bin/sh"},
    "a helper that fails": {"credHelpers": {"r.example.com": "failing"}},
    "a helper that says something else": {"credHelpers": {"r.example.com": "chatting"}},
}


@pytest.mark.parametrize("config", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_login_is_reported(config: object, tmp_path: Path) -> None:
    helper(tmp_path, "failing", "echo top secret; exit 1")
    helper(tmp_path, "chatting", "echo top secret")
    assert unreadable(kept(tmp_path, config)) == "E436"


def test_invalid_docker_configuration_is_reported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    assert unreadable({"DOCKER_CONFIG": os.fspath(tmp_path)}) == "E436"


def unreadable(environ: Mapping[str, str]) -> str:
    with pytest.raises(OperationFailedError) as raised:
        find_login("r.example.com", environ)
    (only,) = raised.value.problems
    assert "secret" not in only.message
    assert only.hint == "log in again: docker login"
    return only.code


def helper(folder: Path, name: str, script: str) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f'#!/bin/sh\nread -r server\n[ "$1" = get ] || exit 9\n{script}\n')
    program.chmod(0o755)


KNOWS = """if [ "$server" = r.example.com ]; then echo '{"Username": "ann", "Secret": "se:cret"}'
else echo "credentials not found in native keychain"; exit 1; fi"""


def test_credential_helper_is_chosen_by_host(tmp_path: Path) -> None:
    helper(tmp_path, "keys", KNOWS)
    environ = kept(tmp_path, {"credHelpers": {"r.example.com": "keys"}})
    assert find_login("r.example.com", environ) == ANN
    assert find_login("other.example.com", environ) is None


def test_login_missing_in_helper_is_read_from_file(tmp_path: Path) -> None:
    helper(tmp_path, "keys", KNOWS)
    other = {"auth": b64encode(b"bob:b").decode()}
    environ = kept(tmp_path, {"credsStore": "keys", "auths": {"other.example.com": other, "r.example.com": other}})
    assert find_login("r.example.com", environ) == ANN
    assert find_login("other.example.com", environ) == Login("bob", "b")


def test_a_helper_may_give_an_identity(tmp_path: Path) -> None:
    helper(tmp_path, "token", """echo '{"Username": "<token>", "Secret": "t"}'""")
    environ = kept(tmp_path, {"credsStore": "token"})
    assert find_login("r.example.com", environ) == Login("", "t", is_token=True)
