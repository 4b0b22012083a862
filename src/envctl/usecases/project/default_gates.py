"""Environments that say nothing about approvals, and so ask for the usual gates: said before a promotion is refused."""

from collections.abc import Sequence

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.rules.environment_rules import USUAL_GATES
from envctl.domain.findings import Finding
from envctl.usecases.ports.core import Ports


def find_unsaid_gates(ports: Ports, project: Project, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Returns a finding for each of them that says nothing, with the line of its section."""
    unsaid = [name for name in environments if project.seen_from(name).has_usual_gates(name)]
    if not unsaid:
        return ()
    text = ports.tree.read(PROJECT_FILE) or b""
    return tuple(_describe(str(ports.reader.place(text, ("environments", name, "gates"))), name) for name in unsaid)


def _describe(place: str, name: str) -> Finding:
    seen = f"{place}: {name} says nothing about approvals, and asks for the usual ones ({', '.join(USUAL_GATES)})"
    return Finding("approvals", "warn", seen, f"if it needs none, say so: [environments.{name}.gates] approvals = {{}}")
