"""The keys of each backend, compared with the embedded Terraform; and its check of a block, which contacts nothing."""

import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from envctl.adapters.terraform.init.backend_check import SENTINEL, check_backend
from envctl.adapters.terraform.process.binary import find_embedded
from envctl.domain.config.states.backends import BACKENDS
from envctl.domain.errors import OperationFailedError
from envctl.domain.release.place.backend import Backend
from envctl.domain.release.place.environment_place import Place
from tests.adapters.terraform.conftest import Bench
from tests.programs import SYSTEM_PATH

pytestmark = pytest.mark.terraform


def check(cache: Path, kind: str, keys: Mapping[str, object], **environment: str) -> dict[str, str]:
    around = {"PATH": SYSTEM_PATH, "HOME": str(cache), "CHECKPOINT_DISABLE": "1", **environment}
    return {each.key: each.message for each in check_backend(find_embedded(), around, cache / "known", kind, keys)}


@pytest.mark.parametrize("kind", BACKENDS)
def test_terraform_knows_all_listed_keys_and_no_other(kind: str, tmp_path: Path) -> None:
    keys = dict.fromkeys(BACKENDS[kind].keys)
    found = check(tmp_path, kind, {**keys, "zzz_unknown": "x"})
    assert list(found) == ["zzz_unknown"]
    listed = {BACKENDS[kind].place_key, *BACKENDS[kind].identity_keys, *BACKENDS[kind].required_keys}
    assert {*listed, *BACKENDS[kind].secret_keys} <= BACKENDS[kind].keys


WRONG: dict[str, tuple[str, Mapping[str, object], str, str]] = {
    "type": ("s3", {"bucket": "b", "key": "k", "encrypt": "maybe"}, "encrypt", "a bool is required"),
    "list": ("gcs", {"bucket": "b", "prefix": ["x"]}, "prefix", "string required"),
    "key of a table": ("remote", {"workspaces": {"nam": "x"}}, "workspaces", 'Did you mean "name"?'),
    "missing key of a table": ("s3", {"assume_role": {"external_id": "x"}}, "assume_role", '"role_arn" is required'),
}


@pytest.mark.parametrize(("kind", "keys", "key", "reason"), WRONG.values(), ids=WRONG)
def test_mistakes_are_found_at_their_key(
    kind: str, keys: Mapping[str, object], key: str, reason: str, tmp_path: Path
) -> None:
    found = check(tmp_path, kind, keys)
    assert list(found) == [key]
    assert reason in found[key]
    assert not (tmp_path / "known").exists()


def test_check_contacts_nothing_and_is_remembered(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/state"
        keys = {"address": address, "lock_address": address, "retry_max": 0}
        assert check(tmp_path, "http", keys) == {}
        assert len(list((tmp_path / "known").iterdir())) == 1
        begun = time.monotonic()
        assert check(tmp_path, "http", keys) == {}
        assert time.monotonic() - begun < 0.1
        with pytest.raises(TimeoutError):
            server.accept()
    assert SENTINEL not in str(BACKENDS)


REACHED: dict[str, tuple[Mapping[str, object], Mapping[str, str]]] = {
    "gcs": ({"bucket": "b", "prefix": "dev/web"}, {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"}),
    "azurerm": (
        {"storage_account_name": "acmestates", "container_name": "c", "key": "dev/web.tfstate"},
        {"ARM_ACCESS_KEY": "aGVsbG8="},
    ),
    "kubernetes": ({"secret_suffix": "shop-dev-web", "host": "https://127.0.0.1:1"}, {}),
    "consul": ({"path": "shop/dev/web", "address": "127.0.0.1:1", "scheme": "http"}, {}),
    "pg": ({"schema_name": "shop_dev_web", "conn_str": "postgres://127.0.0.1:1/x?sslmode=disable"}, {}),
    "cos": ({"bucket": "b-1250000000", "prefix": "dev/web", "region": "ap-tokyo"}, {}),
    "oss": ({"bucket": "b", "prefix": "dev/web", "region": "cn-beijing"}, {}),
    "remote": ({"hostname": "127.0.0.1:1", "organization": "o", "workspaces": {"name": "shop-dev-web"}}, {}),
}
"""Keys of each backend, and what its client needs to begin; nothing answers there."""
_BLOCK = ("Extraneous", "argument or block", "Inappropriate", "Missing required argument", "Unsupported")


@pytest.mark.slow
@pytest.mark.parametrize("kind", REACHED)
def test_rendered_backend_is_accepted_up_to_its_first_call(kind: str, bench: Bench) -> None:
    keys, around = REACHED[kind]
    assert set(keys) <= BACKENDS[kind].keys
    bench.inherited |= {**around, "HTTPS_PROXY": "http://127.0.0.1:1", "AWS_EC2_METADATA_DISABLED": "true"}
    bench.place = Place(environment="dev", backend=Backend(kind, keys, "dev"))
    stack = bench.lay('resource "terraform_data" "one" {}')
    with pytest.raises(OperationFailedError) as raised:
        bench.driver.init("dev", stack, None)
    text = str(raised.value.problems)
    assert not any(each in text for each in _BLOCK), text
