"""`envctl rules ENV`: the rules for the next change of an environment, each with its origin."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from envctl.domain.command_lines import PLACEHOLDER, format_command
from envctl.domain.guards import Request
from envctl.domain.guards.rules import RESET_DELAY, can_replace_rules, is_reset_due
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.state import LedgerState
from envctl.domain.rules.changes import list_conflicts, list_differences, list_rule_lines
from envctl.domain.rules.document import RulesDocument, to_rules
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import load_context

Whose = Literal["both", "tree", "recorded"]
Standing = Literal["same", "both count", "tree alone", "refused", "missing", "none recorded"]


@dataclass(frozen=True)
class CountingRule:
    """A line of one document, or of both. `where` is a place in envctl.toml, or the entry of the deployment."""

    what: str
    value: str
    whose: Whose
    where: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EnvironmentRules:
    """The rules of an environment by both documents, the tree's and the recorded one."""

    environment: str
    standing: Standing  # *tree alone* if the recorded document is replaced, reset, or of the entry environment
    digest: str
    recorded: RulesRecord | None  # the deployment of the recorded document; None without one
    rules: tuple[CountingRule, ...]  # the effective rules, the tree's first
    changes: tuple[str, ...]  # differences of the tree; `conflicts` are those impossible to satisfy together
    conflicts: tuple[str, ...]
    approvals: tuple[RulesApproval, ...]  # approvals of the tree's document in place of the recorded one
    reset: RulesReset | None  # a requested reset of the recorded document
    next: str


def load_environment_rules(ports: Ports, environment: str) -> EnvironmentRules:
    context, target = load_context(ports, environment)
    return build_environment_rules(context, journal.load(ports), target)


def build_environment_rules(context: Context, present: LedgerState, target: str) -> EnvironmentRules:
    request = rules_store.build_rules_request(context, present, target)
    here, tree, before = request.target_state, request.document, request.recorded_document
    standing = _find_standing(request, before)
    counting = before if standing in {"both count", "refused"} else None
    conflicts = list_conflicts(before, tree) if standing == "refused" and before and tree else ()
    return EnvironmentRules(
        environment=target,
        standing=standing,
        digest=request.rules_digest,
        recorded=here.rules,
        rules=tuple(_list_rules(context.ports, request, counting)),
        changes=list_differences(before, tree) if before and tree and standing != "same" else (),
        conflicts=conflicts,
        approvals=here.rules_approvals,
        reset=here.rules_reset,
        next=_find_next_command(target, standing, request),
    )


def _find_standing(request: Request, before: RulesDocument | None) -> Standing:
    recorded, tree = request.target_state.rules, request.document
    if recorded is None or tree is None:
        return "none recorded"
    if recorded.digest == request.rules_digest:
        return "same"
    if is_reset_due(request):
        return "tree alone"
    if before is None:
        return "missing"
    if before.is_entry or can_replace_rules(request, to_rules(before)):
        return "tree alone"
    return "refused" if list_conflicts(before, tree) else "both count"


def _list_rules(ports: Ports, request: Request, counting: RulesDocument | None) -> Iterator[CountingRule]:
    tree = list_rule_lines(request.document) if request.document else ()
    recorded = list_rule_lines(counting) if counting else ()
    if request.rules_digest == request.recorded_digest:
        recorded = tree
    entry = f"entry {request.target_state.rules.started}" if request.target_state.rules else ""
    recorded_lines, tree_lines = {str(line) for line in recorded}, {str(line) for line in tree}
    for line in tree:
        place = str(project_file.locate_key(ports, *line.path)) if line.path else "the default"
        both = str(line) in recorded_lines
        yield CountingRule(line.what, line.value, "both" if both else "tree", (place, entry) if both else (place,))
    for line in recorded:
        if str(line) not in tree_lines:
            yield CountingRule(line.what, line.value, "recorded", (entry,))


def _find_next_command(target: str, standing: Standing, request: Request) -> str:
    match standing:
        case "refused":
            return format_command("approve", target, rules=True)
        case "missing":
            return format_command("rules reset", target, reason=PLACEHOLDER)
        case _:
            reset = request.target_state.rules_reset
            due = reset is not None and request.now - reset.at < RESET_DELAY
            return format_command("rules reset", target, withdraw=True) if due else format_command("why", target)
