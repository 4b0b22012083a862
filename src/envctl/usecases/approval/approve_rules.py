"""`envctl approve ENV --rules`: one person's word that the tree's rules may take the place of the recorded ones."""

from dataclasses import dataclass, replace

from envctl.domain.config.rules.environment_rules import Rules
from envctl.domain.errors import InterruptedByUserError, Problem, UsageError
from envctl.domain.guards import Refusal, RefusedError, Request
from envctl.domain.guards.both_documents import count_missing_rules_approvals, list_rules_approvals
from envctl.domain.ledger.events import Actor, Event
from envctl.domain.ledger.people.person_names import is_person, is_same_person
from envctl.domain.ledger.people.principals import may_at_gate
from envctl.domain.ledger.rule_events import RulesApproved
from envctl.domain.ledger.state import Present
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import rules_of
from envctl.usecases.deployment.run import there
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.store_clock import check_clock, current_time
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


@dataclass(frozen=True)
class ApprovedRules:
    """Attributes:

    gate: one of those that the recorded rules have; empty where they have none.
    already: this person had approved the same before, and it still counts.
    changes: what the tree says otherwise than the recorded rules.
    missing: for each gate of the recorded rules, how many approvals it still lacks.
    recorded, rules: the digests of the recorded rules, and of those of the tree.
    release, withdrawn: empty and false; what readers of other approvals rely on.
    """

    environment: str
    gate: str
    by: Actor
    already: bool
    changes: tuple[str, ...]
    missing: dict[str, int]
    next: str
    recorded: str
    rules: str
    release: str = ""
    withdrawn: bool = False


def approve_rules(ports: Ports, environment: str, gate: str | None = None) -> ApprovedRules:
    """Shows what changes, asks, and records the answer for exactly these two documents."""
    ports.store.foresee_time()
    project, target = load.seen_from(ports, environment)
    request = rules_store.request_for(ports, project, journal.present(ports), target)
    before, now = rules_store.read_recorded(request), there(request.document)
    if request.recorded_digest == request.rules_digest:
        message = (
            f"the rules of {target} in envctl.toml are those that it was deployed with: there is nothing to approve"
        )
        raise UsageError(Problem("E488", message, f"envctl rules {target}"))
    check_clock(ports)
    asked = rules_of(before)
    named = _choose_gate(request, asked, gate)
    changes = list_differences(before, now)
    if not ports.consent.approves_rules(target, named, changes):
        raise InterruptedByUserError(Problem("E310", "stopped on your answer: nothing was approved", ""))
    rules_store.keep(ports, now)
    event = RulesApproved(target, named, request.recorded_digest, request.rules_digest)

    def decide(present: Present) -> Event | None:
        return None if _is_given(replace(request, present=present, now=current_time(ports)), asked, event) else event

    after, entry = journal.append(ports, decide)
    # Counted as for another person: one's own approval shows as given.
    counted = replace(request, present=after, actor=Actor(""), now=current_time(ports))
    missing = {name: count for name, count in count_missing_rules_approvals(counted, asked).items() if count}
    following = f"envctl approve {target} --rules --gate {next(iter(missing))}" if missing else ""
    return ApprovedRules(
        target,
        named,
        request.actor,
        entry is None,
        changes,
        missing,
        following or project.pipeline.way_into(target),
        request.recorded_digest,
        request.rules_digest,
    )


def _choose_gate(request: Request, asked: Rules, gate: str | None) -> str:
    """The gate of the recorded rules at which it is said. Raises UsageError where it is not clear or not known, and
    RefusedError where that person may not.
    """
    target, gates = request.target, asked.approvals
    if gate is None and len(gates) > 1:
        hint = f"envctl approve {target} --rules --gate {next(iter(gates))}"
        raise UsageError(Problem("E012", f"which gate? the recorded rules have {', '.join(gates)}", hint))
    named = gate or next(iter(gates), "")
    if named and named not in gates:
        listed = ", ".join(gates) or "none"
        raise UsageError(
            Problem("E005", f"{target} has no gate {named!r} by its recorded rules", f"its gates: {listed}")
        )
    patterns = asked.who_approves(named)
    if not may_at_gate(patterns, request.actor):
        message = f"{request.actor} may not approve at {named}: that may {' or '.join(patterns) or 'persons alone'}"
        hint = f"as {patterns[0] if patterns else 'a person'}: envctl approve {target} --rules --gate {named}"
        raise RefusedError((Refusal("G207", "allowed", message, hint, waivable=False),))
    if named and not asked.self_approval and is_person(request.actor, request.wrote_rules):
        message = f"{request.actor.person} changed envctl.toml since {target} was deployed, and can't approve its rules"
        hint = f"as another person: envctl approve {target} --rules --gate {named}"
        raise RefusedError((Refusal("G112", "rules", message, hint, waivable=False),))
    return named


def _is_given(request: Request, asked: Rules, event: RulesApproved) -> bool:
    mine = [
        each
        for each in list_rules_approvals(request)
        if each.gate == event.gate and is_same_person(each.by, request.actor)
    ]
    return any(asked.expires is None or request.now - each.at <= asked.expires for each in mine)
