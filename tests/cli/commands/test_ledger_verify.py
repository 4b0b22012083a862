"""What a person reads of a ledger that nobody signs, in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.cli.entry import run


@pytest.fixture
def ledger(project: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Path]:
    """The folder of a ledger with two entries about prod."""
    assert run(["lock", "prod", "--reason", "mine"]) == 0
    assert run(["unlock", "prod"]) == 0
    capfd.readouterr()
    yield project / ".envctl/store/ledger"


@pytest.mark.parametrize("command", ["ledger verify", "status", "history"])
@pytest.mark.usefixtures("ledger")
def test_unsigned_authors_are_told_once(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(command.split()) == 0
    told = " ".join(capfd.readouterr().out.split())
    assert told.count("not verified: nothing is signed.") == 1
    assert "The ledger is verified" not in told


@pytest.mark.usefixtures("ledger")
def test_required_signatures_end_with_one(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "verify", "--require-signatures"]) == 1
    told = " ".join(capfd.readouterr().err.split())
    assert "E052: 2 entries about prod are not signed, the last is entry 2" in told


def test_time_of_another_store_is_named(ledger: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "verify", "--store-times"]) == 0
    os.utime(ledger / "0000000002.json", (0, 0))
    assert run(["ledger", "verify"]) == 0
    assert run(["ledger", "verify", "--store-times"]) == 1
    told = " ".join(capfd.readouterr().err.split())
    assert "E053: entry 2 is dated " in told
    assert " after the store got it" in told


@pytest.mark.usefixtures("ledger")
def test_export_tells_unsigned_entries_beside_its_rows(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["ledger", "export"]) == 0
    told = capfd.readouterr()
    assert "authors not verified: 2 are not signed" in told.err
    assert told.out.startswith("number,environment,")
