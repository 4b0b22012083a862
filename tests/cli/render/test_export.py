"""The ledger for other programs: rows that a spreadsheet shows and never carries out, and documents a line."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.cli.render.json.export import COLUMNS, format_cell, to_csv, to_json_lines
from envctl.domain.ledger.audit import DeploymentRecord, Waiver
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval
from tests.cli.render.samples.basics import HANAKO, NEW, NOW, OLD, ROBOT, TARO

ROW = DeploymentRecord(
    number=42,
    environment="prod",
    action="promote",
    source="staging",
    release=NEW,
    commit="c0ffee",
    uncommitted=False,
    author="taro@example.com",
    made_by=TARO,
    made_at=NOW,
    by=ROBOT,
    settings="5e77",
    plan="f1a9",
    started_at=NOW,
    ended_at=NOW,
    ended_by=ROBOT,
    outcome="succeeded",
    changed=7,
    performed=("create aws_vpc", "update aws_eip"),
    verification="passed",
    verified_at=NOW,
    verified_by=ROBOT,
    checks=("http",),
    approvals=(
        Approval(gate="peer", release=NEW, settings="5e77", by=TARO, at=NOW, plan="f1a9"),
        Approval(gate="quality", release=NEW, settings="5e77", by=HANAKO, at=NOW, unseen=("web", "db")),
    ),
    waivers=(
        Waiver(
            number=40,
            by=HANAKO,
            at=NOW,
            reason="checkout is down",
            guards=("G104", "G107"),
            refusals=("3h of 24h", "year end"),
            given=38,
            given_by=TARO,
            reviewed_by=ROBOT,
            reviewed_at=NOW,
        ),
    ),
    held=(OLD,),
    rolled_back_by=50,
)
EMPTY = DeploymentRecord(
    number=1,
    environment="dev",
    action="apply",
    source="",
    release=NEW,
    commit="",
    uncommitted=True,
    author="",
    made_by=None,
    made_at=None,
    by=TARO,
    settings="5e77",
    plan="",
    started_at=NOW,
)


def rows(*records: DeploymentRecord) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(to_csv(records)), newline="")))


def test_row_has_all_columns(snapshot: object) -> None:
    full, empty = rows(ROW, EMPTY)
    assert full == snapshot
    assert {name for name, value in empty.items() if value} == {
        "number", "environment", "action", "release", "uncommitted", "by", "by_via", "by_verified", "settings",
        "started_at", "outcome", "changed", "older", "program_pinned",
    }  # fmt: skip


def test_columns_match_the_documentation_in_order() -> None:
    text = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
    assert re.findall(r"^\| `(\w+)`", text, re.MULTILINE) == list(COLUMNS)


def test_empty_export_has_only_headers() -> None:
    assert list(to_csv([])) == [",".join(COLUMNS) + "\r\n"]
    assert list(to_json_lines([])) == []


FORMULAS = {
    "a formula": ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
    "a plus": ("+1", "'+1"),
    "a minus": ("-1", "'-1"),
    "a call": ("@SUM(A1)", "'@SUM(A1)"),
    "a tab": ("\t=1", "'\t=1"),
    "a wide formula": ("\uff1d1", "'\uff1d1"),
    "a line that begins anew": ("\r=1", "'\r=1"),
    "a text": ("a=1", "a=1"),
    "nothing": ("", ""),
    "a number": (7, "7"),
    "yes": (True, "true"),
    "no time": (None, ""),
}


@pytest.mark.parametrize(("value", "shown"), FORMULAS.values(), ids=FORMULAS)
def test_formula_is_escaped_in_a_cell(value: object, shown: str) -> None:
    assert format_cell(value) == shown


TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(list("=+-@\t\r\n\",;'")), max_size=12)


@given(reason=TEXTS, name=TEXTS)
def test_exported_text_round_trips_and_starts_no_formula(reason: str, name: str) -> None:
    record = replace(
        ROW,
        reason=reason,
        by=Actor(name),
        approvals=(Approval(gate=reason, release=NEW, settings="s", by=Actor(name), at=NOW),),
    )
    (row,) = rows(record)
    assert row["reason"].removeprefix("'") == reason.removeprefix("'")
    assert row["by"].removeprefix("'") == name.removeprefix("'")
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())
    (line,) = to_json_lines([record])
    assert line.count("\n") == 1
    assert json.loads(line)["reason"] == reason


def test_json_line_has_the_fields_of_the_row() -> None:
    (line,) = to_json_lines([ROW])
    told = json.loads(line)
    assert told["by"]["name"] == ROBOT.name
    assert told["approvals"][1]["by"]["verified"] is False
    assert told["waivers"][0]["guards"] == ["G104", "G107"]
    assert told["started_at"] == "2026-11-25T01:40:00.000Z"
