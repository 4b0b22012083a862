"""The ledger as CSV and as JSON lines."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from envctl.cli.render.json.document import to_json
from envctl.domain.ledger.audit import DeploymentRecord, ImportRecord
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval
from envctl.domain.text.lists import join_names

# A spreadsheet runs cells with these starts as formulas; Japanese versions accept the wide ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# The order is stable: new columns are added at the end.
COLUMNS: dict[str, Callable[[DeploymentRecord], object]] = {
    "number": lambda each: each.number,
    "environment": lambda each: each.environment,
    "action": lambda each: each.action,
    "source": lambda each: each.source,
    "release": lambda each: each.release,
    "commit": lambda each: each.commit,
    "uncommitted": lambda each: each.uncommitted,
    "author": lambda each: each.author,
    "made_by": lambda each: _format_actor_name(each.made_by),
    "made_at": lambda each: each.made_at,
    "by": lambda each: each.by.name,
    "by_via": lambda each: each.by.via,
    "by_verified": lambda each: each.by.verified,
    "by_arn": lambda each: each.by.arn,
    "by_run_url": lambda each: each.by.run_url,
    "settings": lambda each: each.settings,
    "plan": lambda each: each.plan,
    "started_at": lambda each: each.started_at,
    "ended_at": lambda each: each.ended_at,
    "ended_by": lambda each: _format_actor_name(each.ended_by),
    "outcome": lambda each: each.outcome,
    "changed": lambda each: each.changed,
    "reason": lambda each: each.reason,
    "performed": lambda each: _join_texts(each.performed),
    "verification": lambda each: each.verification,
    "verified_at": lambda each: each.verified_at,
    "verified_by": lambda each: _format_actor_name(each.verified_by),
    "checks": lambda each: _join_texts(each.checks),
    "approvals": lambda each: _join_texts(map(_format_approval, each.approvals)),
    "waivers": lambda each: _join_texts(str(waiver.number) for waiver in each.waivers),
    "waived_by": lambda each: _join_texts(waiver.by.name for waiver in each.waivers),
    "waiver_reasons": lambda each: _join_texts(waiver.reason for waiver in each.waivers),
    "waived_guards": lambda each: _join_texts(code for waiver in each.waivers for code in waiver.guards),
    "waived_refusals": lambda each: _join_texts(refusal for waiver in each.waivers for refusal in waiver.refusals),
    "held": lambda each: _join_texts(each.held),
    "rolled_back_by": lambda each: each.rolled_back_by or "",
    "place": lambda each: each.place,
    "older": lambda each: each.older,
    "lost": lambda each: _join_texts(each.lost),
    "imports": lambda each: _join_texts(map(_format_import, each.imports)),
    "rules": lambda each: each.rules,
    "rules_before": lambda each: each.rules_before,
}


def to_csv(records: Iterable[DeploymentRecord]) -> Iterator[str]:
    """Yield CSV lines (RFC 4180), the header first, even without records."""
    yield _format_row(COLUMNS)
    for record in records:
        yield _format_row(format_cell(read(record)) for read in COLUMNS.values())


def to_json_lines(records: Iterable[DeploymentRecord]) -> Iterator[str]:
    for record in records:
        yield json.dumps(to_json(record), ensure_ascii=False, separators=(",", ":")) + "\n"


def format_cell(value: object) -> str:
    """Format a cell; an apostrophe keeps spreadsheets from running it as a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return str(to_json(value))
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _format_row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _join_texts(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _format_actor_name(actor: Actor | None) -> str:
    return actor.name if actor else ""


def _format_import(taken_in: ImportRecord) -> str:
    ended = taken_in.outcome or "not ended"
    return f"{taken_in.address}: {ended}, by {taken_in.by} at {to_json(taken_in.at)}"


def _format_approval(given: Approval) -> str:
    unseen = f", unseen: {join_names(given.unseen)}" if given.unseen else ""
    return f"{given.gate}: {given.by} at {to_json(given.at)}{unseen}"
