"""The approvals at each gate: who gave them, until when they hold, and what is missing."""

from collections.abc import Mapping
from datetime import datetime

from rich.console import Console

from envctl.cli.render.console.approval.guards import ANSWER_WIDTH, INDENT
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.text import format_actor, print_text
from envctl.cli.render.terminal.times import Zone, format_future, format_time
from envctl.domain.guards.gate_approvals import GateApprovals, GivenApproval


def show_gates(gates: Mapping[str, GateApprovals], out: Console, now: datetime) -> None:
    for name, gate in gates.items():
        mark, style = ("✗ missing", "yellow") if gate.missing else ("✓ met", "green")
        print_text(out, (mark.ljust(ANSWER_WIDTH), style), f"{name} {gate.have}/{gate.need}", indent=2)
        for detail in list_gate_details(gate, now):
            print_text(out, detail, indent=INDENT)


def list_gate_details(gate: GateApprovals, now: datetime | None = None, zone: Zone = None) -> list[str]:
    """Return who approved and until when, and what is missing and who can give it. With `now`, add the time left."""
    details = [_format_given(each, now, zone) for each in gate.given]
    if gate.missing:
        by = f", by {gate.who}" if gate.who else ""
        details.append(f"{format_count(gate.missing, 'approval')} missing{by}")
    return details


def _format_given(given: GivenApproval, now: datetime | None, zone: Zone) -> str:
    if given.expires_at is None:
        return f"{format_actor(given.by)}, does not expire"
    end = format_future(given.expires_at, now, zone) if now else format_time(given.expires_at, zone)
    return f"{format_actor(given.by)}, valid until {end}"
