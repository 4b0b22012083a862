"""The deployment of one release to one environment, shared by all verbs that change an environment."""

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import assert_never

from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.graph import restrict_graph
from envctl.domain.guards import RefusedError, count_required_approvals, list_refusals
from envctl.domain.ledger.projection.stacks import apply_planned_moves
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.ledger.unknown_states import find_unknown_states
from envctl.domain.plan.changes import has_created_or_deleted
from envctl.domain.release import bundle as releases
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import list_copied_artifacts
from envctl.domain.text.lists import join_first, join_names
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.account import account_check, image_copy, state_bucket
from envctl.usecases.concurrency.stack_selection import select_stacks
from envctl.usecases.deployment import apply_stacks, drift_undo, guard_runner, prepare, stages, up_to_date, verification
from envctl.usecases.deployment import ledger_entries as entries
from envctl.usecases.deployment.leaving import leaving_stacks, lost_states, stack_order
from envctl.usecases.deployment.planning import plan_stacks
from envctl.usecases.deployment.rollout import planner
from envctl.usecases.deployment.run import Deployed, Run, require
from envctl.usecases.ledger import journal
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import provider_accounts, self_contained
from envctl.usecases.release import bundle_store, deploy_request

MAX_NAMED = 3
SUMMARY_LENGTH = 200


def deploy(candidate: deploy_request.Candidate, run: Run) -> Deployed:
    """Deploy a stored release, or describe the stages of a dry run. Raise RefusedError if a guard refuses."""
    request, release = replace(candidate.request, undoes=run.options.undo), candidate.release
    run.request, run.release, run.settings, run.bundle = request, release, candidate.settings, candidate.bundle
    run.source, run.identity = request.origin, request.identity
    if release is None or candidate.settings is None:
        raise RefusedError(list_refusals(request))
    needs = select_needs(run, release)
    if run.only:
        request = replace(request, changeover=replace(request.changeover, leaving={}))
    run.request = request
    needs = {name: needed for name, needed in needs.items() if name not in request.changeover.leaving}
    steps = stages.build_release_stages(
        request.action,
        needs,
        changeover=request.changeover,
        verify=run.options.verify and not run.only,
        copied=list_copied_artifacts(run.project),
        rolled=planner.describe_rollouts(run.project, needs, request.action),
    )
    if run.options.dry_run:
        guard_runner.enforce_guards(run, request.present)
        return describe_dry_run(run, steps)
    return run_stages(run, steps)


def describe_dry_run(run: Run, steps: tuple[stages.Stage, ...]) -> Deployed:
    lines = stages.describe_stages(steps, run.target)
    return Deployed(run.target, run.identity, run.action, stages=lines, dry_run=True, only=run.only)


def select_needs(run: Run, release: Release) -> dict[str, tuple[str, ...]]:
    """Return the selected stacks, each with its selected upstream stacks. Raise UsageError for an unknown stack."""
    needs = {name: stack.needs for name, stack in release.wiring.stacks.items()}
    wanted = select_stacks(run.options.selection, needs)
    run.only = wanted if len(wanted) < len(needs) else ()
    return restrict_graph(needs, wanted)


def run_stages(run: Run, steps: tuple[stages.Stage, ...]) -> Deployed:
    """Run the stages in order. After the recorded start, record an end in any case.

    A completely applied deployment is never recorded as failed.
    """
    run.ports.store.prefetch_time()
    try:
        for step in steps:
            _run_stage(run, step)
            if run.up_to_date:
                _verify_running(run, steps)
                break
    except (Exception, KeyboardInterrupt) as error:
        if run.started:
            entries.record_end(run, error)
        raise
    finally:
        for stack in run.prepared.all_stacks if run.prepared else ():
            run.ports.terraform.delete_plan(run.target, stack)
    here = journal.load(run.ports).find_environment(run.target)
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
        next=_suggest_next(run),
        forgotten=tuple(sorted(here.forgotten)),
    )


def _run_stage(run: Run, step: stages.Stage) -> None:
    match step:
        case stages.CreateRelease():
            _create_release(run)
        case stages.CheckGuards():
            guard_runner.enforce_guards(run, journal.load(run.ports))
        case stages.CheckAccount() | stages.CopyImages() | stages.Prepare():
            _prepare_stage(run, step)
        case stages.PlanAll():
            _plan_all(run)
        case stages.CheckPlan():
            guard_runner.enforce_guards(run, journal.load(run.ports), run.plan)
        case stages.ConfirmPlan():
            apply_stacks.confirm_plan(run, require(run.plan))
        case stages.SetHold() | stages.RecordStart() | stages.RecordEnd() | stages.Verify():
            _record_stage(run, step)
        case stages.ApplyAll(needs):
            stack_order.apply_in_order(run, needs)
        case stages.RefreshStates(stacks):
            _refresh_states(run, stacks)
        case _:
            assert_never(step)


def _record_stage(run: Run, step: stages.SetHold | stages.RecordStart | stages.RecordEnd | stages.Verify) -> None:
    match step:
        case stages.SetHold():
            entries.set_hold(run)
        case stages.RecordStart():
            entries.record_start(run)
        case stages.RecordEnd():
            entries.record_success(run)
        case stages.Verify():
            run.verification = verification.verify_prepared(run.ports, run.project, require(run.prepared))
        case _:
            assert_never(step)


def _create_release(run: Run) -> None:
    release = require(run.release)
    run.bundle = releases.pack(release)
    run.identity = releases.compute_identity(run.bundle)
    present, settings = journal.load(run.ports), require(run.prepared).settings
    request = deploy_request.build_entry_request(
        run.ports, run.project, present, identity=run.identity, settings=settings, release=release
    )
    if run.only:
        request = replace(request, changeover=replace(request.changeover, leaving={}))
    run.request = request
    if count_required_approvals(request):
        # Approvals need a stored release.
        aim = run.project.pipeline.standalone_name
        bundle_store.save_bundle(run.ports, run.identity, run.bundle, release, aim)


def _prepare_stage(run: Run, step: stages.CheckAccount | stages.CopyImages | stages.Prepare) -> None:
    match step:
        case stages.CheckAccount():
            _check_account(run)
        case stages.CopyImages():
            image_copy.copy_images(run.ports, run.project, run.source, run.target, require(run.release))
        case stages.Prepare():
            _prepare_root_modules(run)
        case _:
            assert_never(step)


def _check_account(run: Run) -> None:
    guard_runner.enforce_account_guards(run)
    request = require(run.request)
    account_check.require_time_left(run.ports, request.present, run.target, request.caller)
    state_bucket.require_state_bucket(run.ports, run.project, run.target)


def _prepare_root_modules(run: Run) -> None:
    if run.release is None:
        made = prepare.prepare_working_tree(run.ports, run.project, run.target)
        run.release, run.settings = made.release, made.settings
        run.prepared = account_check.name_sessions(run.ports, run.project, made.prepared)
        return
    if run.action == "rollback":
        self_contained.warn_stored(run.ports, run.release, run.identity)
        provider_accounts.warn_stored(run.ports, run.project, run.release, run.identity, run.target)
    elif run.action != "destroy":
        self_contained.check_stored(run.ports, run.project, run.release, run.identity)
        provider_accounts.check_stored(run.ports, run.project, run.release, run.identity, run.target)
    over = require(run.request).changeover
    settings = require(run.settings)
    prepared = prepare.write_workdirs(run.ports, run.project, run.release, settings, run.identity, changeover=over)
    run.prepared = account_check.name_sessions(run.ports, run.project, prepared)
    prepare.init_release(run.ports, run.project, run.prepared, run.release)


def _plan_all(run: Run) -> None:
    # The root modules were prepared before a new release had its identity.
    run.prepared = replace(require(run.prepared), release=run.identity)
    present = journal.load(run.ports)
    here = present.find_environment(run.target)
    run.seen, run.drifted = here.last, here.drift if here.drifted else None
    over = require(run.request).changeover
    ahead = apply_planned_moves(here, over.moves)
    run.traffic = ahead.traffic
    planner.write_end_positions(run, ahead)
    if not run.only:
        run.prepared = leaving_stacks.add_leaving(
            run.ports, run.project, present, run.prepared, release=require(run.release), changeover=over
        )
    run.moves = {new: old for new, old in over.moves.items() if not run.only or new in run.only}
    stacks = [run.find_stack(name) for name in (run.only or [stack.name for stack in run.prepared.all_stacks])]
    applied = over.expand_applied(here.stacks)
    plans = plan_stacks(run.ports, run.target, stacks, applied, destroy=run.action == "destroy")
    run.plans = {plan.stack: plan for plan in plans}
    if run.action == "destroy":
        _check_lost_states(run, stacks, here)
    run.rolling = planner.plan_rollouts(run, ahead)
    run.ports.observer.on_plan(require(run.plan))
    # Drift outside the plans, undone by other planned changes.
    restored = {f"{plan.stack}: {address}" for plan in run.plans.values() for address in plan.restored}
    if run.options.undo and (left := _format_unplanned_drift(run, restored)):
        message = f"deploying it again does not undo what has drifted in {run.target}: no plan holds {left}"
        hint = f"undo it by hand, or take it into the state as it is: envctl apply {run.target}"
        raise OperationFailedError(Problem("E330", message, hint))
    if run.only:
        _require_upstreams(run)
    unknown = find_unknown_states(ahead, run.plans.values())
    stands = bool(run.only) or up_to_date.is_up_to_date(run, ahead)
    run.up_to_date = stands and not (unknown or run.prepared.leaving or run.moves or require(run.plan).changes)


def _check_lost_states(run: Run, stacks: Sequence[PreparedStack], here: EnvironmentState) -> None:
    """Raise OperationFailedError for a lost state, unless `--state-lost` was given."""
    run.lost = lost_states.find_lost_states(run.ports, run.target, stacks, run.plans, here.stacks)
    if run.lost and not run.options.state_lost:
        raise OperationFailedError(lost_states.describe_lost(run.target, run.lost))
    if run.lost:
        run.ports.observer.on_message(f"what {join_names(run.lost)} held may remain in {run.target}: its state is lost")


def _require_upstreams(run: Run) -> None:
    """Raise UsageError if a selected stack needs an upstream stack neither applied nor selected."""
    for plan in run.plans.values():
        if missing := [name for name in plan.waits_for if name not in run.plans]:
            message = f"{plan.stack} needs {', '.join(missing)}, which was never applied in {run.target}"
            raise UsageError(Problem("E028", message, f"{run.command} --stack {plan.stack} --with-upstream"))


def _verify_running(run: Run, steps: tuple[stages.Stage, ...]) -> None:
    """Verify the unchanged deployment if it is unverified, for example after a kill before its verification."""
    proof = None if run.only else journal.load(run.ports).find_environment(run.target).current_evidence
    if proof is not None and not proof.verified and stages.Verify() in steps:
        run.verification = verification.verify_prepared(run.ports, run.project, require(run.prepared))


def _refresh_states(run: Run, stacks: tuple[str, ...]) -> None:
    """Refresh the states after creates, deletes or unplanned drift.

    Other stacks carry created and deleted resources in their attributes. The refresh accepts unplanned drift; with
    `--fix`, find the remaining drift before it.
    """
    unplanned = _format_unplanned_drift(run)
    if not (unplanned or has_created_or_deleted(run.list_finished_plans())):
        return
    if unplanned and run.options.undo:
        run.remaining = drift_undo.find_remaining(run, _find_unplanned_drift(run))
    elif unplanned:
        message = f"what has drifted in {run.target} and is in no plan is taken into the state as it is: {unplanned}"
        run.ports.observer.on_message(message)
    for name, error in apply_stacks.refresh_states(run, stacks).items():
        # Harmless after a complete apply: at worst, the next drift check reports its side effects.
        why = error.problems[0].message.partition("\n")[0][:SUMMARY_LENGTH]
        run.ports.observer.on_message(f"the state of {name} could not be read once more: {why}")


def _format_unplanned_drift(run: Run, but: Set[str] = frozenset()) -> str:
    """Return a list of the drift outside all plans, except the names in `but`; empty if there is none."""
    if run.drifted is None:
        return ""
    left = [name for name in _find_unplanned_drift(run) if name not in but]
    without_a_name = run.drifted.drifted - len(run.drifted.resources)
    return join_first(left, MAX_NAMED, len(left) + without_a_name)


def _find_unplanned_drift(run: Run) -> list[str]:
    planned = {f"{plan.stack}: {resource.address}" for plan in run.plans.values() for resource in plan.resources}
    # Outputs follow the resources of their stack.
    changed = tuple(f"{plan.stack}: output " for plan in run.plans.values() if plan.changes)
    drifted = run.drifted.resources if run.drifted else ()
    return [name for name in drifted if name not in planned and not name.startswith(changed)]


def _suggest_next(run: Run) -> str:
    if run.only:
        # A partial deployment verifies nothing.
        return f"envctl {run.action} {run.target}"
    if run.action == "rollback" and run.up_to_date:
        further = deploy_request.find_previous_verified(journal.load(run.ports), run.target)
        return f"to go back further: envctl rollback {run.target} --to {shorten_id(further)}" if further else ""
    after = run.project.pipeline.find_next(run.target)
    return run.project.pipeline.format_deploy_command(after) if after and run.action != "destroy" else ""
