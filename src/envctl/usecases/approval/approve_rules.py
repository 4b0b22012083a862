"""`envctl approve ENV --rules`: the approval of new rules by one person, in place of the recorded ones."""

from dataclasses import dataclass, replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import InterruptedByUserError, Problem, UsageError
from envctl.domain.guards import Refusal, RefusedError, Request
from envctl.domain.guards.approvals import check_own_run
from envctl.domain.guards.authors import check_known_authors, is_only_author, list_rules_authors
from envctl.domain.guards.rules import count_missing_rules_approvals, list_rules_approvals
from envctl.domain.ledger.events import ANONYMOUS, Actor, Event
from envctl.domain.ledger.people.person_names import is_same_person
from envctl.domain.ledger.people.principals import can_approve_at
from envctl.domain.ledger.rule_events import RulesApproved
from envctl.domain.ledger.state import LedgerState
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import build_rules_document, to_rules
from envctl.domain.rules.environment_rules import Rules
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.ledger_store import check_clock, read_store_time
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.release import readings

ASKS = RECORDS_ONLY


@dataclass(frozen=True, kw_only=True)
class ApprovedRules:
    """An approval of the tree's rules."""

    environment: str
    gate: str  # a gate of the recorded rules
    by: Actor
    already: bool  # the person had approved the same before, and it still counts
    changes: tuple[str, ...]
    missing: dict[str, int]  # the number of missing approvals by gate
    next: str
    recorded: str  # the digest of the recorded rules
    rules: str  # the digest of the rules of the tree
    release: str = ""  # release and withdrawn: empty and false; readers of other approvals rely on them.
    withdrawn: bool = False


def approve_rules(ports: Ports, environment: str, gate: str | None = None) -> ApprovedRules:
    """Show the changes, ask for consent, and record the approval for exactly these two documents."""
    ports.store.prefetch_time()
    context, target = load_context(ports, environment)
    request = rules_store.build_rules_request(context, journal.load(ports), target)
    before, now = rules_store.load_recorded_rules(request), build_rules_document(context.project, target)
    if request.recorded_digest == request.rules_digest:
        message = f"no rules to approve: those of {target} in envctl.toml are unchanged since its last deployment"
        raise UsageError(Problem("E488", message, format_command("rules", target)))
    check_clock(ports)
    asked = to_rules(before)
    named = _choose_gate(request, asked, gate)
    changes = list_differences(before, now)
    page = readings.make_rules_reading(ports, target, before, now)
    if not ports.prompter.confirm_rules(page, named, changes):
        raise InterruptedByUserError(Problem("E310", "cancelled: not approved", ""))
    rules_store.RULES.save_document(ports, now)
    read = readings.save_reading(ports, page)
    event = RulesApproved(target, named, request.recorded_digest, request.rules_digest, read)

    def decide(present: LedgerState) -> Event | None:
        latest = replace(request, present=present, now=read_store_time(ports))
        approvals = [each for each in list_rules_approvals(latest) if each.gate == event.gate]
        own = [each.at for each in approvals if is_same_person(each.by, latest.actor)]
        # The actor approved the rules already, and the approval is still valid.
        return None if any(asked.expires is None or latest.now - at <= asked.expires for at in own) else event

    after, entry = journal.append(ports, decide)
    # Counted without an actor: guards would leave out the actor's own approval.
    counted = replace(request, present=after, actor=ANONYMOUS, now=read_store_time(ports))
    missing = {name: count for name, count in count_missing_rules_approvals(counted, asked).items() if count}
    next_command = format_command("approve", target, rules=True, gate=next(iter(missing))) if missing else ""
    return ApprovedRules(
        environment=target,
        gate=named,
        by=request.actor,
        already=entry is None,
        changes=changes,
        missing=missing,
        next=next_command or context.project.pipeline.format_deploy_command(target),
        recorded=request.recorded_digest,
        rules=request.rules_digest,
    )


def _choose_gate(request: Request, asked: Rules, gate: str | None) -> str:
    """Return the gate of the recorded rules to approve at. Raises UsageError for an unknown or ambiguous gate, and
    RefusedError if the actor may not approve there.
    """
    target, gates = request.target, asked.approvals
    if gate is None and len(gates) > 1:
        hint = format_command("approve", target, rules=True, gate=next(iter(gates)))
        raise UsageError(Problem("E012", f"name a gate: the recorded rules have {', '.join(gates)}", hint))
    named = gate or next(iter(gates), "")
    if named and named not in gates:
        hint = f"gates: {', '.join(gates) or 'none'}"
        raise UsageError(Problem("E005", f"the recorded rules of {target} have no gate {named!r}", hint))
    if named and not asked.self_approval and (unknown := check_known_authors(request, asked)):
        raise RefusedError((unknown,))
    command = format_command("approve", target, rules=True, gate=named)
    if shared := check_own_run(request, command):
        raise RefusedError((shared,))
    patterns = asked.list_approver_patterns(named)
    if not can_approve_at(patterns, request.actor):
        message = f"{request.actor} may not approve at {named}: only {' or '.join(patterns) or 'persons'} may"
        hint = f"as {patterns[0] if patterns else 'a person'}: {command}"
        raise RefusedError((Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False),))
    if named and not asked.self_approval and is_only_author(list_rules_authors(request), request.actor):
        person = request.actor.person_name
        message = f"{person} changed envctl.toml since {target} was deployed and can't approve its rules"
        # What is in no commit counts as theirs.
        hint = f"commit the change if another person made it, or as another person: {command}"
        raise RefusedError((Refusal(GuardCode.RULES, message=message, hint=hint, waivable=False),))
    return named
