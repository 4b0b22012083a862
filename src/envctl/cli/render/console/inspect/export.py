"""The ledger for other programs: rows of CSV, and documents a line."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from envctl.cli.render.json.document import as_json
from envctl.domain.ledger.audit import DeploymentRecord, ImportRecord
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval
from envctl.domain.text.lists import listed

# A spreadsheet takes a cell that begins so for a formula, and carries it out; wide ones too, where Japanese is written.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# In this order for ever: what is new comes at the end.
COLUMNS: dict[str, Callable[[DeploymentRecord], object]] = {
    "number": lambda each: each.number,
    "environment": lambda each: each.environment,
    "action": lambda each: each.action,
    "source": lambda each: each.source,
    "release": lambda each: each.release,
    "commit": lambda each: each.commit,
    "uncommitted": lambda each: each.uncommitted,
    "author": lambda each: each.author,
    "made_by": lambda each: _name(each.made_by),
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
    "ended_by": lambda each: _name(each.ended_by),
    "outcome": lambda each: each.outcome,
    "changed": lambda each: each.changed,
    "reason": lambda each: each.reason,
    "performed": lambda each: _listed(each.performed),
    "verification": lambda each: each.verification,
    "verified_at": lambda each: each.verified_at,
    "verified_by": lambda each: _name(each.verified_by),
    "checks": lambda each: _listed(each.checks),
    "approvals": lambda each: _listed(map(_approval, each.approvals)),
    "waivers": lambda each: _listed(str(waiver.number) for waiver in each.waivers),
    "waived_by": lambda each: _listed(waiver.by.name for waiver in each.waivers),
    "waiver_reasons": lambda each: _listed(waiver.reason for waiver in each.waivers),
    "waived_guards": lambda each: _listed(code for waiver in each.waivers for code in waiver.guards),
    "waived_refusals": lambda each: _listed(said for waiver in each.waivers for said in waiver.refusals),
    "held": lambda each: _listed(each.held),
    "rolled_back_by": lambda each: each.rolled_back_by or "",
    "place": lambda each: each.place,
    "older": lambda each: each.older,
    "lost": lambda each: _listed(each.lost),
    "imports": lambda each: _listed(map(_import, each.imports)),
    "rules": lambda each: each.rules,
    "rules_before": lambda each: each.rules_before,
}


def as_csv(records: Iterable[DeploymentRecord]) -> Iterator[str]:
    """RFC 4180, with a line of heads also where nothing follows it."""
    yield _line(COLUMNS)
    for record in records:
        yield _line(cell(told(record)) for told in COLUMNS.values())


def as_lines(records: Iterable[DeploymentRecord]) -> Iterator[str]:
    for record in records:
        yield json.dumps(as_json(record), ensure_ascii=False, separators=(",", ":")) + "\n"


def cell(value: object) -> str:
    """What a spreadsheet shows as it is, and never carries out."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return str(as_json(value))
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _name(actor: Actor | None) -> str:
    return actor.name if actor else ""


def _import(taken_in: ImportRecord) -> str:
    ended = taken_in.outcome or "not ended"
    return f"{taken_in.address}: {ended}, by {taken_in.by} at {as_json(taken_in.at)}"


def _approval(given: Approval) -> str:
    unseen = f", unseen: {listed(given.unseen)}" if given.unseen else ""
    return f"{given.gate}: {given.by} at {as_json(given.at)}{unseen}"
