"""`envctl rules ENV`: what counts for the next change of an environment, and where each line of it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.guards import Request
from envctl.domain.guards.both_documents import RESET_DELAY, find_recorded_document, is_replaced, is_reset
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.state import Present
from envctl.domain.rules.changes import RuleLine, list_conflicts, list_differences, list_rule_lines
from envctl.domain.rules.document import RulesDocument, rules_of
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

Whose = Literal["both", "tree", "recorded"]
Standing = Literal["same", "both count", "tree alone", "refused", "missing", "none recorded"]


@dataclass(frozen=True)
class CountingRule:
    """One line of one document, or of both. `where` is a place in envctl.toml for what the tree says, and the entry of
    the deployment for what is recorded.
    """

    what: str
    value: str
    whose: Whose
    where: tuple[str, ...]


@dataclass(frozen=True)
class EnvironmentRules:
    """Attributes:

    standing: how the two documents stand to each other. *tree alone* where the recorded one does not count: it was
        approved, reset, or recorded where code enters.
    recorded: the deployment that the recorded document came with; None where there is none yet.
    rules: what counts, the tree's first.
    changes: what the tree says otherwise, and `conflicts` what of it can't hold twice.
    approvals: what people said for the tree's document in place of the recorded one.
    reset: what was asked for against the recorded document.
    """

    environment: str
    standing: Standing
    digest: str
    recorded: RulesRecord | None
    rules: tuple[CountingRule, ...]
    changes: tuple[str, ...]
    conflicts: tuple[str, ...]
    approvals: tuple[RulesApproval, ...]
    reset: RulesReset | None
    next: str


def rules(ports: Ports, environment: str) -> EnvironmentRules:
    project, target = load.seen_from(ports, environment)
    return describe(ports, project, journal.present(ports), target)


def describe(ports: Ports, project: Project, present: Present, target: str) -> EnvironmentRules:
    request = rules_store.request_for(ports, project, present, target)
    here, tree, before = request.here, request.document, find_recorded_document(request)
    standing = _stand(request, before)
    counting = before if standing in {"both count", "refused"} else None
    conflicts = list_conflicts(before, tree) if standing == "refused" and before and tree else ()
    return EnvironmentRules(
        target,
        standing,
        request.rules_digest,
        here.rules,
        tuple(_list_rules(ports, request, counting)),
        list_differences(before, tree) if before and tree and standing != "same" else (),
        conflicts,
        here.rules_approvals,
        here.rules_reset,
        _next(target, standing, request),
    )


def _stand(request: Request, before: RulesDocument | None) -> Standing:
    recorded, tree = request.here.rules, request.document
    if recorded is None or tree is None:
        return "none recorded"
    if recorded.digest == request.rules_digest:
        return "same"
    if is_reset(request):
        return "tree alone"
    if before is None:
        return "missing"
    if before.is_entry or is_replaced(request, rules_of(before)):
        return "tree alone"
    return "refused" if list_conflicts(before, tree) else "both count"


def _list_rules(ports: Ports, request: Request, counting: RulesDocument | None) -> Iterator[CountingRule]:
    tree = list_rule_lines(request.document) if request.document else ()
    recorded = list_rule_lines(counting) if counting else ()
    if request.rules_digest == request.recorded_digest:
        recorded = tree
    entry = f"entry {request.here.rules.started}" if request.here.rules else ""
    said, known = {str(line) for line in recorded}, {str(line) for line in tree}
    for line in tree:
        both, place = str(line) in said, _locate(ports, line)
        yield CountingRule(line.what, line.value, "both" if both else "tree", (place, entry) if both else (place,))
    for line in recorded:
        if str(line) not in known:
            yield CountingRule(line.what, line.value, "recorded", (entry,))


def _locate(ports: Ports, line: RuleLine) -> str:
    if not line.path:
        return "not said: what is usual"
    return str(ports.reader.place(ports.tree.read(PROJECT_FILE) or b"", line.path))


def _next(target: str, standing: Standing, request: Request) -> str:
    match standing:
        case "refused":
            return f"envctl approve {target} --rules"
        case "missing":
            return f'envctl rules reset {target} --reason "…"'
        case _:
            due = request.here.rules_reset is not None and request.now - request.here.rules_reset.at < RESET_DELAY
            return f"envctl rules reset {target} --withdraw" if due else f"envctl why {target}"
