"""Sources of secret values: what they name, and what is refused without being quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.config.secret_sources import (
    SecretSource,
    flatten_sources,
    parse_source,
    resolve_source,
)
from envctl.domain.settings.settings import find_key

PLACES = {"project": "shop", "env": "dev", "environment": "dev", "stack": "web", "account_id": "1", "region": ""}
VALID = {
    "env:DB_PASSWORD": SecretSource("env", "DB_PASSWORD"),
    "env:TF_VAR_db_password": SecretSource("env", "TF_VAR_db_password"),
    "env:KEYS#api": SecretSource("env", "KEYS", "api"),
    "secretsmanager:{project}/{env}/db": SecretSource("secretsmanager", "{project}/{env}/db"),
    "secretsmanager:shop/db?stage=AWSPREVIOUS#a b": SecretSource("secretsmanager", "shop/db", "a b", "AWSPREVIOUS"),
    "secretsmanager:arn:aws:secretsmanager:eu-west-1:111111111111:secret:a-AbCdEf": SecretSource(
        "secretsmanager", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:a-AbCdEf"
    ),
    "ssm:/shop/{stack}:3": SecretSource("ssm", "/shop/{stack}:3"),
}
REFUSED = {
    "hunter2-planted": "must say where its value is",
    "vault:planted": "must say where its value is",
    "env:": "must have a name",
    "env:planted-name": "must name an environment variable",
    "env:AWS_SECRET_ACCESS_KEY": "a variable of its own",
    "env:GITHUB_TOKEN": "a variable of its own",
    "env:Path": "a variable of its own",
    "env:TF_LOG": "a variable of its own",
    "env:KEYS?stage=X": "for Secrets Manager alone",
    "secretsmanager:a#": "a key after #",
    "secretsmanager:{planted}": "no other braces",
    "secretsmanager:a planted": "must have a name",
    "secretsmanager:arn:aws:secretsmanager:r:1:secret:a:password::": "after #, and not after the ARN",
}


def _read_message(text: str) -> str:
    try:
        parse_source(text)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{text} is not refused")


MESSAGES = {_read_message(text) for text in REFUSED}


@pytest.mark.parametrize("text", VALID)
def test_source_is_read_and_written_as_it_is(text: str) -> None:
    assert parse_source(text) == VALID[text]
    assert str(VALID[text]) == text


@pytest.mark.parametrize("text", REFUSED)
def test_refused_source_is_never_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[text]) as caught:
        parse_source(text)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("value", [3, None, True, ["env:A"]])
def test_source_must_be_text(value: object) -> None:
    with pytest.raises(ValueError, match="must say where"):
        parse_source(value)


@given(st.text())
def test_any_text_is_a_source_or_refused_without_it(text: str) -> None:
    try:
        found = parse_source(text)
    except ValueError as error:
        # The text may be a part of the message itself.
        assert str(error) in MESSAGES or text not in str(error)
    else:
        assert str(found) == text


def test_placeholders_are_filled() -> None:
    assert resolve_source(parse_source("ssm:/{project}/{env}/{stack}#{key"), PLACES).name == "/shop/dev/web"
    with pytest.raises(ValueError, match=r"\{region\} has no value"):
        resolve_source(parse_source("ssm:/{region}"), PLACES)


def test_key_of_the_stack_wins() -> None:
    sources = {"db": 1, "web.db": 2, "api.other": 3}
    assert [find_key(sources, stack, "db") for stack in ("web", "api")] == ["web.db", "db"]
    assert find_key(sources, "api", "none") == ""


def test_table_without_quotes_is_the_same() -> None:
    assert flatten_sources({"web": {"db": "env:A"}, "key": "env:B"}) == {"web.db": "env:A", "key": "env:B"}
