"""The digest of settings: slow to guess with a sensitive one, and as ever without."""

import hashlib
import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as configure
from hypothesis import strategies as st

from envctl.domain.config.secret_sources import parse_source
from envctl.domain.errors import OperationFailedError
from envctl.domain.settings import settings as settings_module
from envctl.domain.settings.settings import EnvironmentSettings, Origin, Setting
from tests.catching import catch

# What envctl recorded before, for the settings of `build()`.
PLAIN = "cb66bc8d716af96e27686cff33b66ca07bd1b7824b65cf7ea3a466e12d65ef8d"
PIN = "4711"


def build(
    *sensitive: str,
    project: str = "shop",
    environment: str = "dev",
    origins: dict[str, Origin] | None = None,
    **values: Any,
) -> EnvironmentSettings:
    given_ = {"size": 3, "url": "https://web", **values}
    origin = origins or {}
    settings = tuple(
        Setting(name, value, None, origin.get(name, "file"), name in sensitive, ("web",))
        for name, value in given_.items()
    )
    own = {name: value for name, value in given_.items() if origin.get(name) not in ("default", "secret")}
    return EnvironmentSettings(environment, settings, {"web": own}, project=project)


def list_documents(found: EnvironmentSettings) -> list[Any]:
    """Return what a reader may hash who knows all but the guessed value."""
    values: dict[str, Any] = dict(found.arguments["web"])
    return [
        {"environment": found.environment, "arguments": found.arguments},
        found.arguments, values, *values.values(), *({name: value} for name, value in values.items()),
    ]  # fmt: skip


def encode(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def derive(found: EnvironmentSettings, text: bytes | None = None) -> str:
    salt = encode(["settings of envctl", found.project, found.environment])
    return hashlib.scrypt(
        text or encode(list_documents(found)[0]), salt=salt, n=2**14, r=8, p=2, maxmem=2**26, dklen=32
    ).hex()


def is_plain(found: EnvironmentSettings) -> bool:
    return found.digest(()) == hashlib.sha256(encode(list_documents(found)[0])).hexdigest()


def test_digest_without_sensitive_setting_is_as_ever() -> None:
    assert build().digest(()) == PLAIN
    assert build(project="other").digest(()) == PLAIN


def test_digest_of_sensitive_setting_is_from_scrypt() -> None:
    found = build("pin", pin=PIN)
    assert found.digest(()) == derive(found)
    assert not is_plain(found)


def test_no_plain_hash_of_a_guess_equals_the_digest() -> None:
    found = build("pin", pin=PIN)
    documents = [encode(each) for each in list_documents(found)] + [PIN.encode()]
    salts = [b"", encode(["settings of envctl", "shop", "dev"])]
    guesses = [left + text + right for text in documents for left, right in product(salts, salts)]
    hashed = {getattr(hashlib, kind)(text).hexdigest() for text in guesses for kind in ("sha256", "sha1", "blake2s")}
    assert found.digest(()) not in hashed


def test_value_holding_the_secret_is_covered_too() -> None:
    """A URL with the password is not marked, nor is the key of a map."""
    found = build("pin", pin=PIN, url=f"postgres://web:{PIN}@db", names={PIN: 1})
    assert found.digest(()) == derive(found)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (build("pin", pin=None), True),
        (build("pin", pin="", origins={"pin": "default"}), True),
        (build("pin", pin="ssm:/pin", origins={"pin": "secret"}), True),
        (build("pin", pin=""), False),
        (build("pin", pin=False), False),
        (replace(build(), settings=()), False),
        (replace(build("pin", pin=PIN), settings=build().settings), False),
    ],
    ids=["null", "default", "source", "empty text", "no", "without settings", "argument of no setting"],
)
def test_slow_digest_needs_a_sensitive_value(found: EnvironmentSettings, expected: bool) -> None:
    assert is_plain(found) is expected


@pytest.mark.parametrize("origin", ["artifact", "set"])
def test_carried_value_is_not_in_the_digest(origin: Origin) -> None:
    assert build("pin", pin=PIN, origins={"pin": origin}).digest(()) == PLAIN


def test_sources_of_secret_values_need_no_slow_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(hashlib, "scrypt")
    found = replace(build(), sources={"web": {"pin": parse_source("ssm:/pin")}})
    assert found.digest(()) not in ("", PLAIN)


def test_same_secret_differs_by_project_and_environment() -> None:
    found = [build("pin", pin=PIN, project=p, environment=e) for p, e in product(("a", "b"), ("dev", "prod"))]
    assert len({each.digest(()) for each in found}) == len(found)


def test_earlier_digest_counts_only_if_known() -> None:
    found = build("pin", pin=PIN)
    plain = hashlib.sha256(encode(list_documents(found)[0])).hexdigest()
    assert found.digest({plain, PLAIN}) == plain
    assert found.digest({PLAIN}) == derive(found)
    assert build("pin", pin="4712").digest({plain}) != plain


def test_digest_is_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    derive_once = hashlib.scrypt

    def count(*args: Any, **kwargs: Any) -> bytes:
        calls.append(args)
        return derive_once(*args, **kwargs)

    settings_module._derive_digest.cache_clear()
    monkeypatch.setattr(hashlib, "scrypt", count)
    assert build("pin", pin="once").digest(()) == build("pin", pin="once").digest({PLAIN})
    build().digest(())
    assert len(calls) == 1


@pytest.mark.parametrize("reason", ["missing", "refused"])
def test_python_without_scrypt_is_told(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    def refuse(*_: Any, **__: Any) -> bytes:
        raise ValueError("[digital envelope routines] unsupported")

    if reason == "missing":
        monkeypatch.delattr(hashlib, "scrypt")
    else:
        monkeypatch.setattr(hashlib, "scrypt", refuse)
    settings_module._derive_digest.cache_clear()
    error = catch(OperationFailedError, build("pin", pin=PIN).digest, ())
    assert error.problems[0].code == "E224"
    assert build().digest(()) == PLAIN


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "0", "1", "a", "null", "\ud800", "ä"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.sets(st.sampled_from(["size", "pin"])), values, values, values, values)
@configure(max_examples=min(configure().max_examples, 30))  # each takes a tenth of a second
def test_digests_differ_exactly_if_values_do(sensitive: set[str], one: Any, two: Any, three: Any, four: Any) -> None:
    first, second = build(*sensitive, size=one, pin=two), build(*sensitive, size=three, pin=four)
    is_same = json.dumps([one, two], sort_keys=True) == json.dumps([three, four], sort_keys=True)
    assert (first.digest(()) == second.digest(())) is is_same
    assert build(*sensitive, size=one, pin=two).digest({second.digest(())}) == first.digest(())
