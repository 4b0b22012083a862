"""The ledger as CSV and as JSON lines."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from envctl.cli.render.json.document import to_json
from envctl.domain.ledger.audit import DeploymentRecord
from envctl.domain.ledger.events import Actor
from envctl.domain.text.lists import join_names

# A spreadsheet runs cells with these starts as formulas; Japanese versions accept the wide ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

# The order is stable: new columns are added at the end.
COLUMNS = (
    *("number", "environment", "action", "source", "release", "commit", "uncommitted", "author", "made_by", "made_at"),
    *("by", "by_via", "by_verified", "by_arn", "by_run_url", "settings", "plan", "started_at", "ended_at", "ended_by"),
    *("outcome", "changed", "reason", "performed", "verification", "verified_at", "verified_by", "checks"),
    *("approvals", "waivers", "waived_by", "waiver_reasons", "waived_guards", "waived_refusals", "held"),
    *("rolled_back_by", "place", "older", "lost", "imports", "rules", "rules_before"),
    *("subject", "request", "clusters", "program", "program_sha256", "program_pinned"),
    *("waivers_given_by", "waivers_reviewed_by"),
    *("signed_by", "approvals_signed_by"),
)
# Values of the columns that are no attribute of the record.
_COMPUTED: dict[str, Callable[[DeploymentRecord], object]] = {
    "by_via": lambda each: each.by.via,
    "by_verified": lambda each: each.by.verified,
    "by_arn": lambda each: each.by.arn,
    "by_run_url": lambda each: each.by.run_url,
    "approvals": lambda each: tuple(
        f"{one.gate}: {one.by} at {to_json(one.at)}{', unseen: ' if one.unseen else ''}{join_names(one.unseen)}"
        for one in each.approvals
    ),
    "waivers": lambda each: tuple(str(waiver.number) for waiver in each.waivers),
    "waived_by": lambda each: tuple(waiver.by.name for waiver in each.waivers),
    "waiver_reasons": lambda each: tuple(waiver.reason for waiver in each.waivers),
    "waived_guards": lambda each: tuple(code for waiver in each.waivers for code in waiver.guards),
    "waived_refusals": lambda each: tuple(refusal for waiver in each.waivers for refusal in waiver.refusals),
    "waivers_given_by": lambda each: tuple(w.given_by.name if w.given_by else "" for w in each.waivers),
    "waivers_reviewed_by": lambda each: tuple(
        f"{w.reviewed_by} at {to_json(w.reviewed_at)}" if w.reviewed_by else "" for w in each.waivers
    ),
    "rolled_back_by": lambda each: each.rolled_back_by or "",
    "request": lambda each: each.request or "",
    "imports": lambda each: tuple(
        f"{one.address}: {one.outcome or 'not ended'}, by {one.by} at {to_json(one.at)}" for one in each.imports
    ),
}


def to_csv(records: Iterable[DeploymentRecord]) -> Iterator[str]:
    """Yield CSV lines (RFC 4180), the header first, even without records."""
    yield _format_row(COLUMNS)
    for record in records:
        computed = {name: read(record) for name, read in _COMPUTED.items()}
        yield _format_row(
            format_cell(computed[name] if name in computed else getattr(record, name)) for name in COLUMNS
        )


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
        case tuple():
            value = "; ".join(value)
        case Actor():
            value = value.name
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _format_row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
