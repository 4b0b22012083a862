"""The value of a secret as it comes out of a pipe."""

import io
from typing import Any

import pytest

from envctl.cli.input.secret_value import MAX_INPUT_BYTES, read_secret_value
from envctl.cli.options.global_options import Options
from envctl.domain.aws.secret_status import KIB, SecretValue, explain_invalid_value
from envctl.domain.errors import UsageError

PIPED = {
    "a line": (b"pass\n", b"pass"),
    "a line without its end": (b"pass", b"pass"),
    "a line with spaces": (b" pass \n", b" pass "),
    "a line of another system": (b"pass\r\n", b"pass\r"),
    "several lines, to the byte": (b"-----BEGIN\nkey\n-----END\n", b"-----BEGIN\nkey\n-----END\n"),
    "two ends of a line": (b"pass\n\n", b"pass\n\n"),
    "a line in the middle": (b"a\nb", b"a\nb"),
    "bytes": (b"\xff\x00\xfe", b"\xff\x00\xfe"),
    "nothing": (b"", b""),
}


def through(data: bytes, monkeypatch: pytest.MonkeyPatch, **options: Any) -> SecretValue:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    return read_secret_value(Options(**options))


@pytest.mark.parametrize(("data", "value"), PIPED.values(), ids=PIPED)
def test_secret_value_is_read_from_pipe(data: bytes, value: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert through(data, monkeypatch) == SecretValue(value)


def test_longest_value_may_end_with_a_newline(monkeypatch: pytest.MonkeyPatch) -> None:
    most = b"x" * (64 * KIB)
    assert explain_invalid_value(through(most + b"\n", monkeypatch), "secretsmanager") == ""
    assert explain_invalid_value(through(most + b"xx\n", monkeypatch), "secretsmanager") != ""


def test_endless_input_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(through(b"x" * (10 * MAX_INPUT_BYTES), monkeypatch).data) == MAX_INPUT_BYTES


def test_json_mode_asks_for_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(io.BytesIO(b"pass\n")))
    with pytest.raises(UsageError, match="E001"):
        read_secret_value(Options(json=True))
