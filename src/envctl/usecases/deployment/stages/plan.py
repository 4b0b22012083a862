"""The stages up to the confirmed plan: guards, the account, images, the release and its root modules, and the plan.

A deployment without anything to do ends after the plan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from envctl.domain import errors
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.guards import RefusedError, Request, count_required_approvals
from envctl.domain.guards.drift import suggest_undo
from envctl.domain.guards.request import can_record_rules
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.operation import Operation
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan, has_deleted, list_imports
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.domain.reading.reading import Reading
from envctl.domain.release import bundle as releases
from envctl.domain.release.place.place_digest import resolve_bound_place
from envctl.domain.text.lists import join_names
from envctl.usecases.account import account_check, image_copy
from envctl.usecases.deployment import drift_undo, prepare, shared_resources, verification
from envctl.usecases.deployment.known_clusters import forget_replaced_clusters
from envctl.usecases.deployment.leaving import leaving_stacks, lost_states
from envctl.usecases.deployment.planning import add_forecasts, plan_stacks
from envctl.usecases.deployment.progress import (
    GuardRunner,
    InitializedRelease,
    PlannedDeployment,
    SelectedRelease,
    UpToDate,
    WorkingTreeRelease,
)
from envctl.usecases.deployment.request import DeployRequest
from envctl.usecases.deployment.rollout import planner
from envctl.usecases.deployment.stages.fixed_lines import FixedLines
from envctl.usecases.deployment.stages.program_changes import report_program_change
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import PlanAnswer
from envctl.usecases.ports.terraform import CHECK_WARNING, PreparedStack
from envctl.usecases.project import earlier_states, module_checks
from envctl.usecases.release import deploy_request, readings, release_store

Selected = TypeVar("Selected", bound=SelectedRelease)
Started = TypeVar("Started", bound=DeployRequest | SelectedRelease)


@dataclass(frozen=True)
class CheckGuards(Generic[Selected]):
    """Check all guards, as far as they need neither the account nor a plan."""

    action: Operation

    VERBS: ClassVar[dict[Operation, str]] = {
        "apply": "applied to",
        "promote": "promoted to",
        "rollback": "rolled back in",
        "destroy": "destroyed in",
    }

    def describe(self, environment: str) -> tuple[str, ...]:
        return (f"check every guard: may this be {self.VERBS[self.action]} {environment}?",)

    def run(self, selected: Selected) -> Selected:
        present = journal.load(selected.request.context.ports)
        return replace(selected, guard_request=selected.guards.enforce_guards(selected.guard_request, present))


@dataclass(frozen=True)
class RequireAnswer(FixedLines, Generic[Started]):
    """Check that the plan can be confirmed, before the time that it takes."""

    def run(self, started: Started) -> Started:
        request = started if isinstance(started, DeployRequest) else started.request
        request.context.ports.prompter.require_answer(request.target)
        return started


@dataclass(frozen=True)
class CheckAccount(FixedLines, Generic[Selected]):
    """Take the credentials of the environment, and check the guards needing them."""

    lines = ("sign in to the account of {environment}, and check it",)

    def run(self, selected: Selected) -> Selected:
        context, target, asked = selected.request.context, selected.request.target, selected.guard_request
        asked = selected.guards.enforce_account_guards(asked, selected.release, selected.settings)
        account_check.require_time_left(context.ports, asked.present, target, asked.caller)
        account_check.require_state_bucket(context, target)
        return replace(selected, guard_request=asked)


@dataclass(frozen=True)
class CopyImages(Generic[Selected]):
    """Copy missing images of these artifacts to the registry of the target."""

    artifacts: tuple[str, ...]

    def describe(self, environment: str) -> tuple[str, ...]:
        images = ", ".join(self.artifacts)
        return (f"copy the image of {images} to the registry of {environment}, if missing",)

    def run(self, selected: Selected) -> Selected:
        context, source = selected.request.context, selected.guard_request.origin
        image_copy.copy_images(context, source, selected.request.target, selected.release)
        return selected


@dataclass(frozen=True)
class PrepareRelease:
    """Render the root modules of a stored release, and run `terraform init` as needed."""

    stacks: tuple[str, ...]

    def describe(self, environment: str) -> tuple[str, ...]:
        return (_describe_rendering(self.stacks, environment),)

    def run(self, selected: SelectedRelease) -> InitializedRelease:
        context, target = selected.request.context, selected.request.target
        release, settings, identity = selected.release, selected.settings, selected.guard_request.identity
        if selected.request.action == "rollback":
            module_checks.warn_stored_reads(context.ports, release, identity)
            module_checks.warn_stored_accounts(context, release, identity, target)
        elif selected.request.action != "destroy":
            module_checks.check_stored_reads(context, release, identity)
            module_checks.check_stored_accounts(context, release, identity, target)
            if any(stack.is_root for stack in release.wiring.stacks.values()):
                earlier_states.require_known_states(context, release, target, selected.guard_request.present)
        over = selected.guard_request.changeover
        digest = selected.guard_request.settings
        environment = prepare.write_workdirs(context, release, settings, identity, digest=digest, changeover=over)
        prepare.init_release(context, environment, release)
        return InitializedRelease(**vars(selected), environment=environment)


@dataclass(frozen=True)
class PrepareWorkingTree:
    """Render the root modules of the working tree, and run `terraform init` as needed.

    `tagged` are artifacts to pin to digests, `called` the addresses of remote modules to download.
    """

    stacks: tuple[str, ...]
    only: tuple[str, ...]
    tagged: tuple[str, ...] = ()
    called: tuple[str, ...] = ()

    def describe(self, environment: str) -> tuple[str, ...]:
        tags = f"resolve the tag of {', '.join(self.tagged)} to a digest, " if self.tagged else ""
        code = f"add the code of {', '.join(self.called)} to the release, " if self.called else ""
        return (f"{tags}{code}{_describe_rendering(self.stacks, environment)}",)

    def run(self, request: DeployRequest) -> WorkingTreeRelease:
        made = prepare.prepare_working_tree(request.context, request.target)
        return WorkingTreeRelease(request, made.release, made.settings, made.prepared, self.only)


@dataclass(frozen=True)
class CreateRelease(FixedLines):
    """Create a release from the working tree."""

    lines = ("bundle the working tree into a release",)

    def run(self, tree: WorkingTreeRelease) -> InitializedRelease:
        ports, project = tree.request.context.ports, tree.request.context.project
        bundle = releases.pack(tree.release)
        identity = releases.compute_identity(bundle)
        # A release that can't be read back must not be deployed: no promotion and no drift check could follow.
        releases.unpack(bundle, identity)
        aim = project.pipeline.standalone_name
        present = release_store.record_commit(ports, journal.load(ports), identity, tree.release, aim)
        asked = deploy_request.build_entry_request(
            tree.request.context, present, identity=identity, settings=tree.environment.settings, release=tree.release
        )
        asked = replace(asked, changeover=asked.changeover.limit_to(tree.only))
        if count_required_approvals(asked):
            # Approvals need a stored release.
            release_store.save_bundle(ports, identity, bundle, tree.release, aim)
        environment = replace(tree.environment, release=identity)
        guards = GuardRunner(tree.request)
        label = asked.present.find_label(identity) or release_store.label_new_release(ports, identity, tree.release)
        return InitializedRelease(
            request=tree.request,
            guards=guards,
            guard_request=asked,
            release=tree.release,
            bundle=bundle,
            settings=tree.settings,
            only=tree.only,
            label=label,
            environment=environment,
        )


@dataclass(frozen=True)
class PlanStacks:
    """Plan all selected and leaving stacks, and their rollouts."""

    stacks: tuple[str, ...]

    def describe(self, environment: str) -> tuple[str, ...]:  # noqa: ARG002
        return (f"plan {describe_stacks(self.stacks)}{', side by side' if len(self.stacks) > 1 else ''}",)

    def run(self, prepared: InitializedRelease) -> PlannedDeployment:
        request, over, only = prepared.request, prepared.guard_request.changeover, prepared.only
        ports, target = request.context.ports, request.target
        present = journal.load(ports)
        here = present.find_environment(target)
        ahead = here.apply_moves(over.moves)
        if prepared.environment.traffic:
            planner.write_end_positions(prepared, ahead)
        if over.leaving and not only:
            environment = leaving_stacks.add_leaving(
                request.context, present, prepared.environment, release=prepared.release, changeover=over
            )
            prepared = replace(prepared, environment=environment)
        names = only or [stack.name for stack in prepared.environment.all_stacks]
        stacks = [prepared.environment.find_stack(name) for name in names]
        destroys = request.action == "destroy"
        applied = over.expand_applied(here.stacks)
        found = plan_stacks(ports, target, stacks, applied, destroy=destroys)
        if ports.prompter.asks:
            found = add_forecasts(request.context, target, stacks, found)
        plans = {plan.stack: plan for plan in found}
        prepared = replace(prepared, environment=forget_replaced_clusters(prepared.environment, plans))
        lost = _find_lost_states(prepared, stacks, plans, here) if destroys else ()
        planned = PlannedDeployment(
            prepared=prepared,
            plans=plans,
            seen=here.last,
            drifted=here.drift if here.drifted else None,
            traffic=ahead.traffic,
            rollouts=planner.plan_rollouts(prepared, plans, ahead) if prepared.environment.traffic else {},
            moves={new: old for new, old in over.moves.items() if not only or new in only},
            lost=lost,
        )
        # A question shows more of it.
        ports.observer.on_plan(planned.plan, shown=not (ports.prompter.asks and planned.plan.changes))
        _require_drift_undone(planned)
        if only:
            _require_upstreams(planned)
        if not destroys and has_deleted(found):
            shared_resources.require_no_loss(ports, prepared.guard_request, prepared.environment, plans)
        unknown = ahead.find_unknown(plans.values())
        if unknown or list_imports(plans.values()):
            shared_resources.require_sole_owners(ports, target, stacks, plans, unknown)
        stands = bool(only) or is_up_to_date(prepared, lost, ahead)
        pending = bool(unknown or prepared.environment.leaving or planned.moves or planned.plan.changes)
        return replace(planned, is_up_to_date=stands and not pending)


@dataclass(frozen=True)
class EndIfUpToDate(FixedLines):
    """End without an entry if there is nothing to do.

    With `verifies`, verify the unchanged deployment if it is unverified, for example after a kill before its
    verification, or if a check block failed in the plan.
    """

    verifies: bool

    def run(self, planned: PlannedDeployment) -> PlannedDeployment | UpToDate:
        if not planned.is_up_to_date:
            return planned
        context, prepared = planned.prepared.request.context, planned.prepared
        state = journal.load(context.ports).find_environment(prepared.request.target)
        proof = None if prepared.only else state.current_evidence
        is_doubtful = any(CHECK_WARNING in text for plan in planned.plans.values() for text in plan.warnings)
        if proof is None or (proof.verified and not is_doubtful) or not self.verifies:
            return UpToDate(planned, None)
        return UpToDate(planned, verification.verify_prepared(context, prepared.environment))


@dataclass(frozen=True)
class CheckPlan(FixedLines):
    """Check the guards about the plan, and all others again."""

    lines = ("check the plan with every guard: destroyed resources, approvals, rehearsal",)

    def run(self, planned: PlannedDeployment) -> PlannedDeployment:
        prepared = planned.prepared
        present = journal.load(prepared.request.context.ports)
        ports = prepared.request.context.ports
        try:
            prepared.guards.enforce_guards(prepared.guard_request, present, planned.plan)
        except RefusedError:
            if ports.prompter.asks:
                ports.observer.on_plan(planned.plan)
            raise
        report_program_change(prepared, present)
        return planned


@dataclass(frozen=True)
class ConfirmPlan(FixedLines):
    """Show the plan, and ask the operator to confirm it."""

    lines = ("show the plan, and ask for confirmation",)

    def run(self, planned: PlannedDeployment) -> PlannedDeployment:
        answer = confirm_plan(planned.prepared, planned.plan)
        return replace(planned, creates_confirmed=answer == "all")


def _describe_rendering(stacks: tuple[str, ...], environment: str) -> str:
    return f"render {describe_stacks(stacks)} with the settings of {environment}, and run init if needed"


def describe_stacks(stacks: tuple[str, ...]) -> str:
    return f"{'stack' if len(stacks) == 1 else 'stacks'} {', '.join(stacks)}"


def _find_lost_states(
    prepared: InitializedRelease,
    stacks: Sequence[PreparedStack],
    plans: Mapping[str, StackPlan],
    here: EnvironmentState,
) -> tuple[str, ...]:
    """Return the lost states. Raise OperationFailedError for one, unless `--state-lost` was given."""
    ports, target = prepared.request.context.ports, prepared.request.target
    lost = lost_states.find_lost_states(ports, target, stacks, plans, here.stacks)
    if lost and not prepared.request.options.state_lost:
        raise OperationFailedError(lost_states.describe_lost(target, lost, stacks))
    if lost:
        ports.observer.on_message(f"resources of {join_names(lost)} may remain in {target}: its state is lost")
    return lost


def _require_drift_undone(planned: PlannedDeployment) -> None:
    """Raise OperationFailedError if a fix of drift would leave some of it."""
    request, plans = planned.prepared.request, tuple(planned.plans.values())
    if not request.options.undo:
        return
    # Drift outside the plans, undone by other planned changes.
    restored = {f"{plan.stack}: {address}" for plan in plans for address in plan.restored}
    if left := drift_undo.list_unplanned(planned.drifted, plans, restored):
        message = f"deploying again can't undo this drift in {request.target}: {left} is in no plan"
        names = drift_undo.find_unplanned(planned.drifted, plans)
        hint = suggest_undo(request.target, names)
        raise drift_undo.UnplannedDriftError(
            Problem("E330", message, hint), tuple(n for n in names if n not in restored)
        )


def _require_upstreams(planned: PlannedDeployment) -> None:
    """Raise UsageError if a selected stack needs an upstream stack neither applied nor selected."""
    target = planned.prepared.request.target
    for plan in planned.plans.values():
        if missing := [name for name in plan.waits_for if name not in planned.plans]:
            message = f"{plan.stack} needs {', '.join(missing)}, not applied in {target} yet"
            again = planned.prepared.guard_request.command
            raise UsageError(Problem("E028", message, f"{again} --stack {plan.stack} --with-upstream"))


def is_up_to_date(prepared: InitializedRelease, lost: Sequence[str], here: EnvironmentState) -> bool:
    """Return true if there is no reason to deploy the release again, apart from the changes of its plan."""
    current, request, environment = here.current, prepared.guard_request, prepared.environment
    if request.action == "destroy":
        return current is None and here.unfinished_deployment is None and not lost and not here.held_stacks
    if here.drifted:
        # Drift outside the plan is accepted with an entry; without one it would be reported forever.
        return False
    if request.action == "promote" and any(not each.given for each in here.debts) and not prepared.guards.waived:
        # Without a waiver now, the same release settles the debts of --break-glass.
        return False
    if any(name not in here.traffic for name in environment.traffic):
        # The deployment records the unknown traffic.
        return False
    if current is not None and current.unpinned and not module_checks.find_unpinned(prepared.request.context.ports):
        # Deployed with the pinned providers, the release can be verified.
        return False
    if _has_new_rules(request):
        # The deployment records these rules.
        return False
    return (
        here.whole
        and current is not None
        and current.release == request.identity
        and current.settings == environment.settings
        # A changed place needs an entry; an unrecorded one does not.
        and current.place in ("", request.place)
    )


def _has_new_rules(request: Request) -> bool:
    """Return true if it would record other rules. Rules of the entry environment may differ between branches."""
    recorded, document = request.target_state.rules, request.recorded_document
    if recorded is None or recorded.digest == request.rules_digest or not can_record_rules(request):
        return False
    return document is None or not document.is_entry


def confirm_plan(prepared: InitializedRelease, plan: EnvironmentPlan, *, before: str = "") -> PlanAnswer:
    """Ask the operator to confirm the plan, and return the answer. `before` names a stack replanned during the
    deployment.

    Raise InterruptedByUserError for a no, and OperationFailedError if files in the working directories changed
    meanwhile: an apply reads scripts and archives named by the plan. This is not checked for a replanned stack, since
    running stacks may write files.
    """
    if not plan.changes:
        return "yes"
    ports, target, asked = prepared.request.context.ports, prepared.request.target, prepared.guard_request
    laid_out = ports.workspace.hash_layout(prepared.environment)
    wanted = ports.prompter.asks or ports.observer.keeps_readings
    reading = _make_reading(prepared, plan) if wanted else None
    answer = ports.prompter.confirm_plan(plan, reading, again=bool(before))
    if not answer:
        where = f"before stack {before}" if before else "no changes made"
        raise errors.InterruptedByUserError(errors.Problem("E310", f"cancelled: {where}", asked.command))
    if not before and ports.workspace.hash_layout(prepared.environment) != laid_out:
        message = f"files of {target} in .envctl/work changed during the question; no changes were made"
        hint = f"find the program writing there; run again to write the files anew: {asked.command}"
        raise errors.OperationFailedError(errors.Problem("E353", message, hint))
    return answer


def _make_reading(prepared: InitializedRelease, plan: EnvironmentPlan) -> Reading:
    context, request = prepared.request.context, prepared.guard_request
    place = resolve_bound_place(context.project, request.target, prepared.release.wiring)
    fingerprint = fingerprint_plan(plan).digest
    return readings.make_reading(
        context.ports, request, plan, fingerprint=fingerprint, settings=prepared.settings, place=place
    )
