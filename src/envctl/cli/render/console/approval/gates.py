"""The approvals at each gate: who gave them, until when they hold, and what is missing."""

from collections.abc import Mapping
from datetime import datetime

from rich.console import Console

from envctl.cli.render.console.approval.guards import ANSWER_WIDTH, INDENT
from envctl.cli.render.terminal.text import print_text
from envctl.cli.render.words.approvals import list_gate_details
from envctl.domain.guards.gate_approvals import GateApprovals


def show_gates(gates: Mapping[str, GateApprovals], out: Console, now: datetime) -> None:
    for name, gate in gates.items():
        mark, style = ("✗ missing", "yellow") if gate.missing else ("✓ met", "green")
        print_text(out, (mark.ljust(ANSWER_WIDTH), style), f"{name} {gate.have}/{gate.need}", indent=2)
        for detail in list_gate_details(gate, now):
            print_text(out, detail, indent=INDENT)
