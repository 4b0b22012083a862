"""Gates with surprising effects: default ones, those whose approvals have no end, and those that one review of a GitHub
job can't open.
"""

from collections.abc import Sequence

from envctl.domain.config import gates
from envctl.domain.findings import Finding
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_key


def find_default_gates(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding, with the line of its section, for each environment without declared approvals."""
    found = []
    for name in environments:
        order, declared = context.project.view_for(name).pipeline.order, context.project.environments[name].gates
        if "approvals" not in declared.model_fields_set and gates.find_default_gates(order, name):
            place, usual = locate_key(context.ports, "environments", name, "gates"), ", ".join(gates.DEFAULT_GATES)
            seen = f"{place}: {name} has no approvals setting, so the defaults apply ({usual})"
            mend = f"if it needs none, set: [environments.{name}.gates] approvals = {{}}"
            found.append(Finding("approvals", "warn", seen, mend))
    return tuple(found)


def find_endless_approvals(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding, with the line of its section, for each environment whose approvals have no end in time."""
    found = []
    for name in environments:
        declared = context.project.environments[name].gates
        if declared.approvals and declared.expires is None:
            place = locate_key(context.ports, "environments", name, "gates")
            seen = f"{place}: approvals of {name} have no end in time"
            found.append(Finding("approvals", "warn", seen, f'set: [environments.{name}.gates] expires = "30d"'))
    return tuple(found)


def find_slow_reviews(context: Context, environments: Sequence[str]) -> tuple[Finding, ...]:
    """Return a finding, with its line, for each gate of reviewers that needs more people than GitHub waits for."""
    found = []
    for name in environments:
        declared = context.project.environments[name].gates
        gate, count = declared.reviewers, declared.approvals.get(declared.reviewers, 0)
        if count > 1:
            place = locate_key(context.ports, "environments", name, "gates", "reviewers")
            seen = f"{place}: {gate} needs {count} people, but GitHub starts the job of {name} after one review"
            mend = "approve a second attempt of the job for each further review, or run envctl approve before"
            found.append(Finding("approvals", "warn", seen, mend))
    return tuple(found)


FINDERS = (find_default_gates, find_endless_approvals, find_slow_reviews)
"""What `envctl validate` remarks about gates."""
