"""The next command of an environment: one answer for every command that suggests one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.approvals import format_approval
from envctl.domain.guards.drift import MAX_NAMED, suggest_drift_fix
from envctl.domain.guards.gate_approvals import list_gate_approvals
from envctl.domain.guards.provenance import find_newer_deployment
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.guards.rules import count_missing_since, describe_approvers
from envctl.domain.ledger.events import ANONYMOUS
from envctl.domain.next_step.situation import Goal, NextStep, Situation
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first

# What stands in the source: its own next step comes first.
_OF_SOURCE = frozenset(
    {GuardCode.PROVENANCE, GuardCode.VERIFIED, GuardCode.SOAK, GuardCode.MAX_AGE, GuardCode.DRIFT, GuardCode.ORDER}
)
# A sentence can begin with a command, too.
_PROSE = frozenset({"shows", "lists", "says"})
_BY_APPROVAL = frozenset({GuardCode.APPROVALS, GuardCode.SAME_PLAN, GuardCode.PARTIAL})
# From what nothing can be done about, to what takes one command, to what takes a person, to what takes time.
_BY_COMMAND = (GuardCode.LOCK, GuardCode.RULES, GuardCode.UNREVIEWED)
_ORDER = (*_BY_COMMAND, *sorted(_OF_SOURCE), *sorted(_BY_APPROVAL), GuardCode.WINDOW)


def find_next_steps(
    facts: Situation,
    goal: Goal | None,
    request: Request | None = None,
    refusals: Sequence[Refusal] = (),
    before: Sequence[NextStep] = (),
) -> tuple[NextStep, ...]:
    """Return what to type next for an environment; nothing if nothing is to do.

    `request` is the deployment of the goal with the refusals of its guards, and `before` holds the next steps of the
    environment right before this one. There are several steps only if several gates wait.
    """
    first = find_first_step(facts, goal)
    if first is not None:
        return (first,)
    if goal is None:
        return ()
    if request is None:
        return (NextStep(format_goal(facts, goal), goal.reason),)
    if refusals:
        return open_refusals(request, refusals, before)
    return _list_drift_approvals(goal, request) or (NextStep(format_goal(facts, goal), goal.reason),)


def find_first_step(facts: Situation, goal: Goal | None) -> NextStep | None:
    """Return the step that comes before the goal: a recovery, drift to undo by hand, or a verification."""
    return _find_recovery(facts) or _find_undoing(facts, goal) or _find_verification(facts, goal)


def open_refusals(
    request: Request, refusals: Sequence[Refusal], before: Sequence[NextStep] = ()
) -> tuple[NextStep, ...]:
    """Return what opens the first refusal that can be opened, or the reason why nothing can."""
    closed = [each for each in refusals if _is_closed(each, before)]
    if closed:
        return (_to_words(closed[0]),)
    known = [each for each in refusals if each.code in _ORDER]
    first = min(known, key=lambda each: _ORDER.index(each.code))
    if first.code is GuardCode.LOCK:
        return (NextStep(format_command("unlock", request.target), first.message, first.who),)
    if first.code in _BY_APPROVAL:
        return _list_approvals(request) or (_to_words(first),)
    if first.code in _OF_SOURCE:
        # A source that only waits is waited for: the command of the refusal would be refused too.
        return tuple(step for step in before if step.command) or tuple(before[:1]) or (_to_words(first),)
    return (_to_words(first),)


def _to_words(refusal: Refusal) -> NextStep:
    """Return the hint of a refusal as a step: a command, or words."""
    command = find_command(refusal.hint)
    return NextStep(command, refusal.message, refusal.who, "" if command else refusal.hint, refusal.opens)


def find_command(hint: str) -> str:
    """Return the command that a hint consists of; empty for any other text."""
    is_command = hint.startswith("envctl ") and ": " not in hint and _PROSE.isdisjoint(hint.split())
    return hint if is_command else ""


def format_goal(facts: Situation, goal: Goal) -> str:
    """Return the command that reaches the goal."""
    target = facts.environment
    match goal.kind:
        case "fix drift":
            return format_command("drift", target, fix=True)
        case "rollback":
            return format_command("rollback", target, to=shorten_id(goal.release))
        case "apply" | "destroy":
            return format_command(goal.kind, target)
        case "promote":
            runs = facts.source.last.release if facts.source.last else ""
            release = shorten_id(goal.release) if goal.release not in {"", runs} else ""
            return format_command("promote", facts.before or "", target, release=release)


def format_deployment(request: Request) -> str:
    """Return the command of a requested deployment, with --older if it needs that."""
    older = request.action == "promote" and find_newer_deployment(replace(request, older=False)) is not None
    return replace(request, older=older).command


def _find_recovery(facts: Situation) -> NextStep | None:
    """Return the step that comes before all others: a deployment runs, or was interrupted."""
    target, here = facts.environment, facts.here
    if facts.running:
        return NextStep("", f"{facts.running} is at work now")
    command = format_command("recover", target)
    if here.unfinished_deployment:
        return NextStep(command, f"if the deployment to {target} no longer runs")
    if here.imports:
        return NextStep(command, f"if the import into {target} no longer runs")
    if here.open_shifts:
        stacks = " and ".join(here.open_shifts)
        return NextStep(command, f"the traffic of {stacks} is still split between two colors")
    if facts.unsaved:
        return NextStep(command, f"a state of {target} was not saved: this machine has it")
    return None


def _find_undoing(facts: Situation, goal: Goal | None) -> NextStep | None:
    """Return what to do by hand about drift that deploying again does not undo."""
    drift = facts.here.drift
    if goal is None or goal.kind != "fix drift" or drift is None or not drift.unplanned:
        return None
    names = join_first(drift.unplanned, MAX_NAMED, len(drift.unplanned))
    reason = f"deploying again can't undo this drift in {facts.environment}: {names} is in no plan"
    return NextStep("", reason, hint=suggest_drift_fix(facts.environment, drift))


def _find_verification(facts: Situation, goal: Goal | None) -> NextStep | None:
    proof = facts.here.current_evidence
    if proof is None or proof.verified or (goal is not None and goal.kind != "apply"):
        return None
    if proof.deployment.unpinned:
        # No check verifies it: the goal is another deployment.
        return None
    return NextStep(format_command("verify", facts.environment), f"the release in {facts.environment} is not verified")


def _is_closed(refusal: Refusal, before: Sequence[NextStep]) -> bool:
    """Check if no command opens the refusal: a file or a decision has to change first."""
    match refusal.code:
        case code if code in (*_BY_COMMAND, *_BY_APPROVAL, GuardCode.WINDOW):
            # For good: a hold, or rules that contradict each other in envctl.toml.
            return not refusal.for_now
        case code if code in _OF_SOURCE:
            return bool(before) and not any(step.command for step in before) and not find_command(refusal.hint)
        case _:
            return True


def _list_drift_approvals(goal: Goal, request: Request) -> tuple[NextStep, ...]:
    """Return the approvals to give before drift is fixed: earlier ones are of plans without the drift."""
    drift = request.target_state.drift
    if goal.kind != "fix drift" or drift is None:
        return ()
    return _list_approvals(request, count_missing_since(request, drift.at))


def _list_approvals(request: Request, missing: Mapping[str, int] | None = None) -> tuple[NextStep, ...]:
    """Return the approvals to give, one step for each gate."""
    if missing is None:
        table = list_gate_approvals(replace(request, actor=ANONYMOUS))
        missing = {gate: found.missing for gate, found in table.items() if found.missing}
    who = describe_approvers(request, missing)
    return tuple(
        NextStep(format_approval(request, gate), f"{number} approval{'' if number == 1 else 's'} missing", who)
        for gate, number in missing.items()
    )
