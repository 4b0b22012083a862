"""`envctl approve ENV --gate NAME`: one person's word that one plan of one release may happen in one environment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.config.project import Project
from envctl.domain.errors import InterruptedByUserError, Problem, UsageError
from envctl.domain.guards import Refusal, RefusedError, Request, ask, count_asked, gates
from envctl.domain.guards.access import describe_doubt
from envctl.domain.guards.approvals import changed_rules, has_expired, made_by, to_approve
from envctl.domain.guards.both_documents import find_recorded_document
from envctl.domain.guards.both_gates import find_bar
from envctl.domain.guards.older import find_newer
from envctl.domain.ledger.events import Actor, ApprovalGiven, ApprovalWithdrawn, Event
from envctl.domain.ledger.people.person_names import has_same_name, is_machine
from envctl.domain.ledger.people.principals import reviewer
from envctl.domain.ledger.state import Present
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.plan.fingerprint import meaning_of, outline
from envctl.domain.plan.unseen_stacks import check_unseen, describe_planned_anew, describe_unseen, list_unseen
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import find_rules
from envctl.domain.text.short_ids import short
from envctl.domain.text.suggestions import nearest
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.planning import plan_stacks
from envctl.usecases.deployment.run import there
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.store_clock import check_clock, current_time
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load, provider_accounts, self_contained
from envctl.usecases.release import deploy_request, place_store, plan_store

# What must hold before a plan can be shown at all: the code is what it says, and fits the settings.
_NEEDED = frozenset({"G102", "G204"})
# What who approves should know of the plan, and that it goes back to an older release.
_REMARKED = frozenset({"G110", "G111", "G203", "G301", "G303", "G304", "G305"})


@dataclass(frozen=True)
class Approved:
    """`already` means that this person had approved the same plan before. `missing` says for each gate how many are
    lacking. `notes` is what guards say of the plan that was approved. `place` is the digest of where it may be applied,
    and `where` that in words. `not_seen` names the stacks that could not be planned, each with those that it waits for,
    and `unseen` those of them that were approved all the same.
    """

    environment: str
    gate: str
    release: str
    by: Actor
    already: bool
    missing: dict[str, int]
    next: str
    plan: str = ""
    notes: tuple[str, ...] = ()
    place: str = ""
    where: str = ""
    not_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Withdrawn:
    """`withdrawn` is false where there was nothing to take back."""

    environment: str
    gate: str
    release: str
    by: Actor
    withdrawn: bool


def approve(
    ports: Ports,
    environment: str,
    gate: str,
    *,
    release: str | None = None,
    fingerprint: str | None = None,
    unseen: Sequence[str] = (),
) -> Approved:
    """Plans, shows the plan, asks, and records the answer for exactly this plan.

    With the fingerprint of a plan that somebody else made, that one is shown as far as it is kept, and nothing is
    planned: so it can be approved by who may not look into the environment. `unseen` names stacks that can't be planned
    yet, and that are approved all the same.
    """
    ports.store.foresee_time()
    project, target = load.seen_from(ports, environment)
    candidate = candidate_for(ports, project, target, release, gate)
    check_clock(ports)
    _refuse(candidate.request, gate)
    if fingerprint is None:
        with ports.workspace.lock(target, f"envctl approve {target} by {ports.identity.actor().name}"):
            plan = plan_candidate(ports, project, candidate)
        meaning = meaning_of(plan)
    else:
        meaning = plan_store.named(ports, fingerprint)
        plan = outline(meaning, target, candidate.request.identity)
    ports.observer.planned(plan)
    request = replace(candidate.request, plan=plan)
    accepted = check_unseen(plan, unseen, request.needs, to_approve(request, gate))
    notes = (*describe_rules_change(request), *remarks(request), *describe_not_seen(request, plan, accepted))
    if not ports.consent.approves(plan, gate, notes):
        raise InterruptedByUserError(Problem("E310", "stopped on your answer: nothing was approved", ""))
    place_store.keep(ports, there(candidate.place))
    keep_document(ports, request)
    said = Saying(gate, plan_store.keep(ports, meaning), unseen=accepted)
    return replace(_record(ports, project, request, said), notes=notes)


def withdraw(ports: Ports, environment: str, gate: str, *, release: str | None = None) -> Withdrawn:
    """Takes back what the same person approved for that release at that gate."""
    project, target = load.seen_from(ports, environment)
    identity = candidate_for(ports, project, target, release, gate).request.release
    actor = ports.identity.actor()
    if identity is None:
        return Withdrawn(target, gate, "", actor, withdrawn=False)

    def decide(now: Present) -> Event | None:
        given = [a for a in now.of(target).approvals if (a.gate, a.release) == (gate, identity)]
        mine = any(has_same_name(a.by, actor) for a in given)
        return ApprovalWithdrawn(target, gate, identity) if mine else None

    _, entry = journal.append(ports, decide)
    return Withdrawn(target, gate, identity, actor, entry is not None)


def candidate_for(
    ports: Ports, project: Project, target: str, release: str | None, gate: str
) -> deploy_request.Candidate:
    """A promotion, or where the target runs that release already, new settings for it. Raises UsageError (E005) for a
    gate that neither the tree nor the recorded rules have.
    """
    present = journal.present(ports)
    if gate not in find_rules(project, target).approvals and not rules_store.list_recorded(present):
        raise _unknown_gate(target, gate, find_rules(project, target).approvals)
    found = _find_candidate(ports, project, present, target, release)
    if gate not in (asked := count_asked(found.request)):
        raise _unknown_gate(target, gate, asked)
    return found


def _find_candidate(
    ports: Ports, project: Project, present: Present, target: str, release: str | None
) -> deploy_request.Candidate:
    wanted = deploy_request.named(present, release) if release is not None else None
    source, current = project.pipeline.before(target), present.of(target).current
    if source is not None and not (wanted and current and current.release == wanted):
        return deploy_request.promotion(ports, project, present, source=source, target=target, release=wanted)
    if wanted is None:
        raise UsageError(
            Problem("E004", f"{target} is where releases begin: which one?", f"envctl approve {target} --release …")
        )
    return deploy_request.redeployment(ports, project, present, target=target, release=wanted)


def refuse_unplannable(request: Request) -> None:
    stands_against = tuple(refusal for refusal in ask(request) if refusal.code in _NEEDED)
    if stands_against:
        raise RefusedError(stands_against)


def _refuse(request: Request, gate: str) -> None:
    refuse_unplannable(request)
    barred = find_bar(request, gate, request.actor)
    if barred is None:
        return
    if made_by(barred, request.actor) and not barred.rules.self_approval:
        name = short(request.identity)
        message = f"{request.actor.person} made release {name}, and can't approve it"
        raise RefusedError((Refusal("G106", "approvals", message, "ask somebody else: envctl why " + request.target),))
    if changed_rules(barred, request.actor) and not barred.rules.self_approval:
        message = f"{request.actor.person} changed envctl.toml, whose rules come to {request.target} with this release"
        hint = f"ask another person: envctl why {request.target}"
        raise RefusedError((Refusal("G106", "approvals", message, hint),))
    patterns = barred.rules.who_approves(gate)
    message = f"{request.actor} may not approve at {gate}: {_describe_who(request.actor, patterns)}"
    message += describe_doubt(request)
    hint = f"as {patterns[0] if patterns else 'a person'}: envctl approve {request.target} --gate {gate}"
    raise RefusedError((Refusal("G207", "allowed", message, hint, waivable=False),))


def _describe_who(actor: Actor, patterns: Sequence[str]) -> str:
    if is_machine(actor):
        return "an app or a bot is no person, and no pattern is its very name"
    return f"that may {' or '.join(patterns)}"


def plan_candidate(ports: Ports, project: Project, candidate: deploy_request.Candidate) -> EnvironmentPlan:
    if candidate.release:
        self_contained.check_stored(ports, project, candidate.release, candidate.request.identity)
        where = candidate.request.target
        provider_accounts.check_stored(ports, project, candidate.release, candidate.request.identity, where)
    request, target = candidate.request, candidate.request.target
    over, prepared = request.changeover, prepare.from_store(ports, project, candidate)
    release = there(candidate.release)
    prepared = leaving_stacks.add_leaving(ports, project, request.present, prepared, release=release, changeover=over)
    try:
        stacks = plan_stacks(ports, target, prepared.all_stacks, over.applied(request.here.stacks))
    finally:
        for stack in prepared.all_stacks:
            ports.terraform.discard(target, stack)
    return EnvironmentPlan(target, prepared.release, stacks)


def remarks(request: Request) -> tuple[str, ...]:
    """What the guards say of the plan itself: who approves it should know that before, not after."""
    return tuple(f"{r.code} {r.guard}: {r.message}" for r in ask(request) if r.code in _REMARKED)


def describe_not_seen(request: Request, plan: EnvironmentPlan, accepted: Sequence[str]) -> tuple[str, ...]:
    """What of the deployment could not be planned yet, or is planned anew while it runs."""
    return (*describe_unseen(plan, accepted), *describe_planned_anew(plan, request.needs))


@dataclass(frozen=True)
class Saying:
    """What is recorded: at which gate, for which plan, by which reviewer in GitHub, and for which stacks unseen."""

    gate: str
    plan: str
    reviewer: str = ""
    unseen: tuple[str, ...] = ()


def _record(ports: Ports, project: Project, request: Request, said: Saying) -> Approved:
    after, entry = journal.append(ports, given(replace(request, now=current_time(ports)), said))
    missing, following = lacking(ports, project, replace(request, present=after))
    return Approved(
        request.target,
        said.gate,
        request.identity,
        request.actor,
        entry is None,
        missing,
        following,
        said.plan,
        place=request.place,
        where=request.where,
        not_seen=list_unseen(there(request.plan)),
        unseen=said.unseen,
    )


def lacking(ports: Ports, project: Project, request: Request) -> tuple[dict[str, int], str]:
    """For each gate how many approvals it still lacks, and the next command."""
    # Counted as for somebody else, so that one's own approval shows as given.
    other = replace(request, actor=Actor(""), now=ports.clock.now())
    missing = {name: count for name, count in gates(other).items() if count}
    if missing:
        return missing, f"envctl approve {request.target} --gate {next(iter(missing))}"
    return missing, _way_on(project, request)


def _way_on(project: Project, request: Request) -> str:
    """The command that deploys what was approved."""
    if request.action == "apply":
        return request.command
    running = request.there.last
    named = "" if running and running.release == request.release else f" --release {short(request.identity)}"
    meant = " --older" if find_newer(request) else ""
    return f"{project.pipeline.way_into(request.target)}{named}{meant}"


def given(request: Request, said: Saying) -> Callable[[Present], Event | None]:
    """Nothing, where the same was said before and holds still: an approval that ran out is given anew.

    `request.now` has to be the time by the store's clock.
    """
    bound = (request.identity, request.settings, said.plan, said.reviewer, request.place, said.unseen)
    event = ApprovalGiven(request.target, said.gate, *bound, request.rules_digest, request.recorded_digest)

    def decide(now: Present) -> Event | None:
        actor, target = request.actor, request.target
        by = reviewer(said.reviewer, actor, target) if said.reviewer else actor
        for each in now.of(request.target).approvals:
            before = ApprovalGiven(
                request.target,
                each.gate,
                each.release,
                each.settings,
                each.plan,
                said.reviewer,
                each.place,
                each.unseen,
                each.rules,
                each.recorded,
            )
            same = (before, each.by.name, each.by.verified) == (event, by.name, by.verified)
            if same and not has_expired(request, each):
                return None
        return event

    return decide


def describe_rules_change(request: Request) -> tuple[str, ...]:
    """What the tree's rules say otherwise than those that the target was deployed with: it goes or comes with this."""
    before, now = find_recorded_document(request), request.document
    if before is None or now is None or request.rules_digest == request.recorded_digest or before.is_entry:
        return ()
    changes = f"the rules of {request.target} change with this deployment"
    return tuple(f"{changes}: {each}" for each in list_differences(before, now))


def keep_document(ports: Ports, request: Request) -> None:
    """So that it can be said later what another envctl.toml says otherwise."""
    if request.document is not None and request.rules_digest != request.recorded_digest:
        rules_store.keep(ports, request.document)


def _unknown_gate(target: str, gate: str, known: Mapping[str, int]) -> UsageError:
    near = nearest(gate, known)
    listed = ", ".join(known) or "none"
    hint = f"did you mean {near}? (its gates: {listed})" if near else f"its gates: {listed}"
    return UsageError(Problem("E005", f"{target} has no gate {gate!r}", hint))
