"""`envctl ledger export` on the real command line: stdout is the export alone."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envctl.cli.entry import run
from envctl.usecases.deployment.apply import apply
from tests.documents import parse_document
from tests.fakes.world import World

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def told(project: Path) -> Path:
    """A project in which one deployment was made."""
    world = World()
    apply(world.ports, "dev")
    for key, data in world.store.content.items():
        file = project / ".envctl" / "store" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return project


def exported(*words: str, project: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "envctl", "ledger", "export", *words],
        cwd=project,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        check=False,
    )


def test_rows_are_the_whole_of_stdout(told: Path) -> None:
    done = exported(project=told, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert done.stdout.count(b"\r\n") == 2
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode(), newline=""))
    assert (row["environment"], row["action"], row["outcome"]) == ("dev", "apply", "succeeded")
    said = done.stderr.decode()
    assert "1 deployment;" in said
    assert "head " in said


def test_documents_stand_a_line_each(told: Path) -> None:
    done = exported("dev", "--format", "jsonl", project=told)
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["environment"] == "dev"
    assert exported("prod", "--format", "jsonl", project=told).stdout == b""


def test_entries_are_the_very_files(told: Path) -> None:
    files = sorted((told / ".envctl" / "store" / "ledger").glob("*.json"))
    done = exported("--entries", project=told)
    assert done.stdout.splitlines() == [file.read_bytes() for file in files]
    assert exported("--entries", "--format", "jsonl", project=told).stdout == done.stdout


REFUSED = {
    "a document of its own": ["--json"],
    "markdown": ["--markdown"],
    "entries as rows": ["--entries", "--format", "csv"],
    "a time that is none": ["--since", "yesterday"],
}


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_refused_is(words: list[str], told: Path, capsys: Captured) -> None:
    assert run(["ledger", "export", *words]) == 64
    said = capsys.readouterr()
    assert "E449" in said.out + said.err
    if "--json" in words:
        assert parse_document(said.out)["command"] == "ledger export"
    assert "outcome" not in said.out


def test_what_does_not_fit_the_chain_fails(told: Path) -> None:
    first = told / ".envctl" / "store" / "ledger" / "0000000001.json"
    first.write_bytes(first.read_bytes() + b" ")
    done = exported(project=told)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"E401" in done.stderr


def test_a_reader_that_goes_away_is_no_error(told: Path) -> None:
    command = f"{sys.executable} -m envctl ledger export --entries | head -1"
    done = subprocess.run(command, shell=True, cwd=told, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


def test_a_history_of_a_span(told: Path, capsys: Captured) -> None:
    assert run(["history", "--since", "2020-01-01", "--until", "2020-01-02"]) == 0
    assert "The ledger has no entries since 2020-01-01" in capsys.readouterr().out
    assert run(["history", "--since", "2020-01-01", "--json"]) == 0
    assert len(parse_document(capsys.readouterr().out)["result"]["entries"]) == 4
    assert run(["history", "--since", "2020-01-01", "--until", "2020-01-02", "--markdown"]) == 0
    assert "no entries since 2020-01-01" in capsys.readouterr().out
    assert run(["history", "--since", "soon"]) == 64
