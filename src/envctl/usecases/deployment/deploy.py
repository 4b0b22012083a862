"""A deployment: one release, applied to one environment with its settings. Every verb that changes one ends here."""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import assert_never

from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.graph import within
from envctl.domain.guards import RefusedError, Request, count_asked, refusals
from envctl.domain.ledger.known_states import find_unknown_states
from envctl.domain.ledger.projection.stacks import with_moves
from envctl.domain.ledger.state import EnvironmentPresent
from envctl.domain.plan.changes import unsettled
from envctl.domain.release import bundle as releases
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import copied
from envctl.domain.text.lists import first_of, listed
from envctl.domain.text.short_ids import short
from envctl.usecases.account import account_check, image_copy, state_bucket
from envctl.usecases.concurrency.stack_selection import selected
from envctl.usecases.deployment import apply_stacks, drift_undone, guard_runner, prepare, stages, standing, verification
from envctl.usecases.deployment import ledger_entries as entries
from envctl.usecases.deployment.leaving import leaving_stacks, lost_states, stack_order
from envctl.usecases.deployment.planning import plan_stacks
from envctl.usecases.deployment.rollout import planner
from envctl.usecases.deployment.run import Deployed, Run, there
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import provider_accounts, self_contained
from envctl.usecases.release import bundle_store, deploy_request

NAMED = 3


def deploy(candidate: deploy_request.Candidate, run: Run) -> Deployed:
    """Deploys a stored release, or explains how; refused at once where a guard says no."""
    request, release = replace(candidate.request, undoes=run.wishes.undo), candidate.release
    run.request, run.release, run.settings, run.bundle = request, release, candidate.settings, candidate.bundle
    run.source, run.identity = request.origin, request.identity
    if release is None or candidate.settings is None:
        raise RefusedError(refusals(request))
    needs = chosen(run, release)
    run.request = request = whole_or_part(run, request)
    needs = {name: needed for name, needed in needs.items() if name not in request.changeover.leaving}
    steps = stages.of_release(
        request.action,
        needs,
        changeover=request.changeover,
        verify=run.wishes.verify and not run.only,
        copied=copied(run.project),
        rolled=planner.told(run.project, needs, request.action),
    )
    if run.wishes.dry_run:
        guard_runner.ask_guards(run, request.present)
        return explained(run, steps)
    return carry_out(run, steps)


def explained(run: Run, steps: tuple[stages.Stage, ...]) -> Deployed:
    told = stages.explained(steps, run.target)
    return Deployed(run.target, run.identity, run.action, stages=told, dry_run=True, only=run.only)


def chosen(run: Run, release: Release) -> dict[str, tuple[str, ...]]:
    """The stacks of a release that are to be deployed, each with those of them that it needs. Raises UsageError for one
    that there is not.
    """
    needs = {name: stack.needs for name, stack in release.wiring.stacks.items()}
    wanted = selected(run.wishes.selection, needs)
    run.only = wanted if len(wanted) < len(needs) else ()
    return within(needs, wanted)


def whole_or_part(run: Run, request: Request) -> Request:
    """Of some stacks alone none leaves: what is not deployed stays as it is, and known."""
    return replace(request, changeover=replace(request.changeover, leaving={})) if run.only else request


def carry_out(run: Run, steps: tuple[stages.Stage, ...]) -> Deployed:
    """Does the stages one after the other. Once the start is recorded, an end is recorded too, whatever happens.

    A deployment that was applied to its end is never recorded as failed.
    """
    run.ports.store.foresee_time()
    try:
        for step in steps:
            _do(run, step)
            if run.up_to_date:
                _prove_what_runs(run, steps)
                break
    except (Exception, KeyboardInterrupt) as error:
        if run.started:
            entries.end(run, error)
        raise
    finally:
        _discard_plans(run)
    here = journal.present(run.ports).of(run.target)
    return Deployed(
        run.target,
        run.identity,
        run.action,
        plan=run.plan,
        deployment=here.last,
        verification=run.verification,
        warnings=tuple(run.warnings.values()),
        waived=() if run.up_to_date else tuple(run.waived.values()),
        held=run.held,
        up_to_date=run.up_to_date,
        only=run.only,
        rollouts=tuple(run.rolled_out),
        lost=run.lost,
        next=_next(run),
        forgotten=tuple(sorted(here.forgotten)),
    )


def _do(run: Run, step: stages.Stage) -> None:
    match step:
        case stages.Bundle():
            _bundle(run)
        case stages.AskGuards():
            guard_runner.ask_guards(run, journal.present(run.ports))
        case stages.TakeAccess() | stages.BringImages() | stages.Prepare():
            _make_ready(run, step)
        case stages.PlanAll():
            _plan_all(run)
        case stages.AskOfPlan():
            guard_runner.ask_guards(run, journal.present(run.ports), run.plan)
        case stages.AskConsent():
            apply_stacks.ask_consent(run, there(run.plan))
        case stages.SetHold() | stages.RecordStart() | stages.RecordEnd() | stages.Verify():
            _record(run, step)
        case stages.ApplyAll(needs):
            stack_order.apply_in_order(run, needs)
        case stages.Settle(stacks):
            _settle(run, stacks)
        case _:
            assert_never(step)


def _record(run: Run, step: stages.SetHold | stages.RecordStart | stages.RecordEnd | stages.Verify) -> None:
    match step:
        case stages.SetHold():
            entries.set_hold(run)
        case stages.RecordStart():
            entries.start(run)
        case stages.RecordEnd():
            entries.succeed(run)
        case stages.Verify():
            run.verification = verification.verify_prepared(run.ports, run.project, there(run.prepared))
        case _:
            assert_never(step)


def _bundle(run: Run) -> None:
    run.bundle = releases.pack(there(run.release))
    run.identity = releases.identity(run.bundle)
    present = journal.present(run.ports)
    settings = there(run.prepared).settings
    request = deploy_request.entering(
        run.ports, run.project, present, identity=run.identity, settings=settings, release=there(run.release)
    )
    run.request = whole_or_part(run, request)
    if count_asked(run.request):
        # It has to be known before anybody can approve it.
        bundle_store.keep(run.ports, run.identity, run.bundle, there(run.release), run.project.pipeline.makes_for)


def _make_ready(run: Run, step: stages.TakeAccess | stages.BringImages | stages.Prepare) -> None:
    match step:
        case stages.TakeAccess():
            _take_access(run)
        case stages.BringImages():
            image_copy.bring(run.ports, run.project, run.source, run.target, there(run.release))
        case stages.Prepare():
            _prepare(run)
        case _:
            assert_never(step)


def _take_access(run: Run) -> None:
    guard_runner.ask_with_access(run)
    request = there(run.request)
    account_check.demand_time(run.ports, request.present, run.target, request.caller)
    state_bucket.demand(run.ports, run.project, run.target)


def _prepare(run: Run) -> None:
    if run.release is None:
        made = prepare.from_working_tree(run.ports, run.project, run.target)
        run.release, run.settings = made.release, made.settings
        run.prepared = account_check.named(run.ports, run.project, made.prepared)
        return
    if run.action == "rollback":
        self_contained.remark_stored(run.ports, run.release, run.identity)
        provider_accounts.remark_stored(run.ports, run.project, run.release, run.identity, run.target)
    elif run.action != "destroy":
        self_contained.check_stored(run.ports, run.project, run.release, run.identity)
        provider_accounts.check_stored(run.ports, run.project, run.release, run.identity, run.target)
    over = there(run.request).changeover
    prepared = prepare.lay_out(run.ports, run.project, run.release, there(run.settings), run.identity, changeover=over)
    run.prepared = account_check.named(run.ports, run.project, prepared)
    prepare.initialise_from(run.ports, run.project, run.prepared, run.release)


def _plan_all(run: Run) -> None:
    # Terraform reads the prepared root modules, whose release has no name yet where it was made just now.
    run.prepared = replace(there(run.prepared), release=run.identity)
    present = journal.present(run.ports)
    here = present.of(run.target)
    run.seen, run.drifted = here.last, here.drift if here.drifted else None
    over = there(run.request).changeover
    ahead = with_moves(here, over.moves)
    run.traffic = ahead.traffic
    planner.lay_ends(run, ahead)
    if not run.only:
        run.prepared = leaving_stacks.add_leaving(
            run.ports, run.project, present, run.prepared, release=there(run.release), changeover=over
        )
    run.moves = {new: old for new, old in over.moves.items() if not run.only or new in run.only}
    stacks = [run.stack(name) for name in (run.only or [stack.name for stack in run.prepared.all_stacks])]
    applied = over.applied(here.stacks)
    plans = plan_stacks(run.ports, run.target, stacks, applied, destroy=run.action == "destroy")
    run.plans = {plan.stack: plan for plan in plans}
    if run.action == "destroy":
        _find_lost(run, stacks, here)
    run.rolling = planner.foreseen(run, ahead)
    run.ports.observer.planned(there(run.plan))
    if run.wishes.undo and (left := _drifted_and_unplanned(run, drift_undone.restored(run))):
        message = f"deploying it again does not undo what has drifted in {run.target}: no plan holds {left}"
        hint = f"undo it by hand, or take it into the state as it is: envctl apply {run.target}"
        raise OperationFailedError(Problem("E330", message, hint))
    if run.only:
        _demand_needed(run)
    unknown = find_unknown_states(ahead, run.plans.values())
    stands = bool(run.only) or standing.stands_already(run, ahead)
    run.up_to_date = stands and not (unknown or run.prepared.left or run.moves or there(run.plan).changes)


def _find_lost(run: Run, stacks: Sequence[PreparedStack], here: EnvironmentPresent) -> None:
    """Raises OperationFailedError where a state is lost, unless the person said so."""
    run.lost = lost_states.find_lost(run.ports, run.target, stacks, run.plans, here.stacks)
    if not run.wishes.state_lost:
        lost_states.check_lost(run.target, run.lost)
    if run.lost:
        run.ports.observer.said(f"what {listed(run.lost)} held may remain in {run.target}: its state is lost")


def _demand_needed(run: Run) -> None:
    """Of some of the stacks, none may wait for one that is not among them."""
    for plan in run.plans.values():
        if missing := [name for name in plan.waits_for if name not in run.plans]:
            message = f"{plan.stack} needs {', '.join(missing)}, which was never applied in {run.target}"
            raise UsageError(Problem("E028", message, f"{run.command} --stack {plan.stack} --with-upstream"))


def _prove_what_runs(run: Run, steps: tuple[stages.Stage, ...]) -> None:
    """What runs already may have lost its proof, or never have had one: envctl can be killed before it verifies."""
    proof = None if run.only else journal.present(run.ports).of(run.target).proof
    if proof is not None and not proof.verified and stages.Verify() in steps:
        run.verification = verification.verify_prepared(run.ports, run.project, there(run.prepared))


def _settle(run: Run, stacks: tuple[str, ...]) -> None:
    """Where something came or went, in any stack, others carry that in attributes of their own. And what had drifted
    and is in no plan is over now: the configuration says nothing about it.
    """
    unplanned = _drifted_and_unplanned(run)
    if not (unplanned or unsettled(run.done())):
        return
    if unplanned and run.wishes.undo:
        run.remaining = drift_undone.find_remaining(run, _unplanned(run))
    elif unplanned:
        told = f"what has drifted in {run.target} and is in no plan is taken into the state as it is: {unplanned}"
        run.ports.observer.said(told)
    for name, error in apply_stacks.settle_all(run, stacks).items():
        # All is applied. The next drift check may take for drift what came of that, and no more is lost.
        run.ports.observer.said(f"the state of {name} could not be read once more: {entries.summary(error)}")


def _drifted_and_unplanned(run: Run, but: Set[str] = frozenset()) -> str:
    """In words, but for some; empty where all that had drifted was set right."""
    if run.drifted is None:
        return ""
    left = [name for name in _unplanned(run) if name not in but]
    without_a_name = run.drifted.drifted - len(run.drifted.resources)
    return first_of(left, NAMED, len(left) + without_a_name)


def _unplanned(run: Run) -> list[str]:
    planned = {f"{plan.stack}: {resource.address}" for plan in run.plans.values() for resource in plan.resources}
    # An output follows the resources of its stack.
    changed = tuple(f"{plan.stack}: output " for plan in run.plans.values() if plan.changes)
    drifted = run.drifted.resources if run.drifted else ()
    return [name for name in drifted if name not in planned and not name.startswith(changed)]


def _discard_plans(run: Run) -> None:
    for stack in run.prepared.all_stacks if run.prepared else ():
        run.ports.terraform.discard(run.target, stack)


def _next(run: Run) -> str:
    if run.only:
        # A part is no whole, and proves nothing.
        return f"envctl {run.action} {run.target}"
    if run.action == "rollback" and run.up_to_date:
        further = deploy_request.before(journal.present(run.ports), run.target)
        return f"to go back further: envctl rollback {run.target} --to {short(further)}" if further else ""
    after = run.project.pipeline.after(run.target)
    return run.project.pipeline.way_into(after) if after and run.action != "destroy" else ""
