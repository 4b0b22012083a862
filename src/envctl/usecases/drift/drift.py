"""`envctl drift [ENV …]`: differences of reality from the state (drift), and of the configuration from it (pending)."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.guards.rules import list_ignored_drift
from envctl.domain.guards.target import check_settings as fitting
from envctl.domain.ledger.state import Deployment, EnvironmentState, LedgerState, describe_outcome
from envctl.domain.plan.changes import Action, StackPlan
from envctl.domain.plan.drift import Condition, IgnorePattern, drop_ignored, drop_volatile
from envctl.domain.text.lists import join_first
from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection, build_late_stop, select_stacks
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.planning import require_state
from envctl.usecases.drift.ledger_entries import note_recorded_drift, record_findings
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift, merge_conditions
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import release_key
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import CHECK_WARNING, PreparedEnvironment, PreparedStack, WorkerPool
from envctl.usecases.project import look_scope, module_checks, project_file
from envctl.usecases.project.environment_selection import describe_gone, find_environments, find_gone, lock_targets
from envctl.usecases.release import deploy_request, moved_places, release_store

# Names in a warning, of drift ignored by one of two documents.
MAX_IGNORED_NAMED = 3

_TERRAFORM_START_SECONDS = 0.5
"""About the time until Terraform waits for its providers and the cloud."""


def check_drift(
    ports: Ports,
    environments: Sequence[str] = (),
    selection: StackSelection = ALL_STACKS,
    *,
    locked: bool = False,
    lock_errors: Mapping[str, EnvctlError | None] | None = None,
) -> Drift:
    """Check and record drift of the environments, or of the pipeline and every standalone one ever deployed. All stacks
    are checked side by side; a failure in one environment does not stop the others. With `locked`, the locks of the
    states are taken. `lock_errors` are those of the work directories, if their locks are taken already.
    """
    project = project_file.load_project(ports)
    wanted = find_environments(Context(ports, project), environments)
    standalone = () if environments else tuple(project.standalone)
    scan = DriftScan(ports=ports, project=project, records=True, locked=locked, lock_errors=lock_errors)
    checked = scan.check_all(dict.fromkeys(wanted, selection), standalone)
    checked = add_next_commands(ports, project, checked, scan.state)
    if environments:
        return checked
    gone = (
        EnvironmentDrift(
            environment=each.environment, release=each.release, condition="unknown", problems=(describe_gone(each),)
        )
        for each in find_gone(Context(ports, project), scan.state)
    )
    return Drift((*checked.environments, *gone))


def find_unit_drift(ports: Ports, units: Mapping[str, frozenset[str]]) -> Drift:
    """Check the named stacks by environment, or all if the set is empty, and record no entry."""
    project = project_file.load_project(ports)
    wanted = find_environments(Context(ports, project), tuple(units))
    selections = {name: StackSelection(tuple(sorted(units[name]))) for name in wanted}
    return DriftScan(ports=ports, project=project, records=False).check_all(selections)


@dataclass(frozen=True)
class _IgnoreRules:
    """Drift to ignore by the tree's rules, and by both the tree's and the recorded ones. Only the latter counts."""

    by_tree: tuple[str, ...]
    by_both: tuple[str, ...]

    def remove_ignored(self, found: StackPlan, target: str) -> tuple[StackPlan, tuple[str, ...]]:
        """Return the remaining drift, and the names of the ignored part."""
        remaining, ignored = drop_ignored(found, map(IgnorePattern, self.by_both))
        if self.by_tree == self.by_both:
            return remaining, ignored
        _, tree_ignored = drop_ignored(found, map(IgnorePattern, self.by_tree))
        if unrecorded := [name for name in tree_ignored if name not in ignored]:
            message = (
                f"envctl.toml ignores {join_first(unrecorded, MAX_IGNORED_NAMED)}, "
                f"but the recorded rules of {target} do"
                f" not: it counts as drift until {target} is deployed again"
            )
            remaining = replace(remaining, warnings=(*remaining.warnings, message))
        return remaining, ignored


@dataclass(kw_only=True)
class _Target:
    """An environment under check."""

    target: str
    here: EnvironmentState
    current: Deployment
    prepared: PreparedEnvironment
    stacks: tuple[PreparedStack, ...]
    ignore_rules: _IgnoreRules
    as_deployed: bool = False  # fully deployed with the release, settings and place of this check
    locked: bool = False  # whether to check under the locks of the states
    clears_drift: bool = False  # whether a check under the locks may clear the drift in the ledger
    seen: dict[str, StackDrift] = field(default_factory=dict)  # filled by the checks of its stacks


# Terraform alone, or another store, can be the cause; the resources do not show it.
_UNEXPLAINED_PENDING = (
    "the cause of the pending changes is unknown: a data source changed, the code never settles, or the state was"
    " changed outside the deployments of this ledger"
)


@dataclass(kw_only=True)
class DriftScan:
    """A drift check of several environments at once."""

    ports: Ports
    project: Project
    records: bool  # whether to record the findings in the ledger
    locked: bool = False  # whether to check under the locks of the states
    lock_errors: Mapping[str, EnvctlError | None] | None = None  # None before the work directories are locked
    state: LedgerState = field(default_factory=LedgerState)
    results: dict[str, EnvironmentDrift] = field(default_factory=dict)
    targets: dict[str, _Target] = field(default_factory=dict)

    def check_all(self, wanted: Mapping[str, StackSelection], unless_empty: Collection[str] = ()) -> Drift:
        """Check all environments, leaving out those of `unless_empty` without any deployment."""
        with ExitStack() as locks, self.ports.terraform.open_worker_pool() as crew:
            locked = (
                self.lock_errors if self.lock_errors is not None else lock_targets(self.ports, wanted, "drift", locks)
            )
            # The bundles last used by this machine: mostly, they still run there.
            releases = {self.ports.workspace.load_code_release(target) for target in wanted} - {""}
            keys = [release_key(release) for release in sorted(releases)]
            # Nothing is written here: a signal ends the wait for a store.
            with crew.interruptible_prompt(), self.ports.store.prefetch(keys, []):
                # Read once, with all locks held against deployments from this machine: a store may be far away.
                self.state = journal.load(self.ports, for_look=True)
                find = self.state.find_environment
                targets = tuple(each for each in wanted if each not in unless_empty or find(each).last)
                self.ports.observer.on_start(targets)
                for target in targets:
                    if error := locked[target]:
                        self.results[target] = self._report_unknown(target, error)
                    else:
                        self._start_checks(target, wanted[target], crew)
            if self.records and self.targets:
                # For the entries at the end: first, the processors belong to the start of Terraform.
                self.ports.store.prefetch_time(_TERRAFORM_START_SECONDS)
            self._await_checks(crew)
        if crew.stop_requested:
            raise build_late_stop()
        return Drift(tuple(self.results[target] for target in targets))

    def _report_unknown(self, target: str, error: EnvctlError) -> EnvironmentDrift:
        current = self.state.find_environment(target).current
        release = current.release if current else ""
        return EnvironmentDrift(
            environment=target, release=release, condition="unknown", problems=tuple(error.problems)
        )

    def _start_checks(self, target: str, selection: StackSelection, crew: WorkerPool) -> None:
        """Prepare an environment and begin its checks, while earlier ones are under way."""
        try:
            found = self._prepare_target(target, selection)
        except (InterruptedByUserError, UsageError):
            raise
        except EnvctlError as error:
            found = self._report_unknown(target, error)
        if isinstance(found, EnvironmentDrift):
            self.results[target] = found
            return
        self.targets[target] = found
        self._submit_checks(found, crew)

    def _submit_checks(self, place: _Target, crew: WorkerPool) -> None:
        for stack in place.stacks:
            unit = f"{place.target}/{stack.name}"
            crew.submit(unit, partial(_measure_check, self.ports, place, stack), unit)

    def _prepare_target(self, target: str, selection: StackSelection) -> _Target | EnvironmentDrift:
        project, present = self.project.view_for(target), self.state
        context = Context(self.ports, project)
        look_scope.require_visible(context, target)
        here = present.find_environment(target)
        if problem := _find_blocking_problem(target, here):
            return EnvironmentDrift(
                environment=target,
                release=here.last.release if here.last else "",
                condition="unknown",
                problems=(problem,),
            )
        if here.current is None:
            return EnvironmentDrift(environment=target, release="", condition="empty")
        module_checks.require_pinned_for_evidence(self.ports, target)
        moved_places.require_place(context, present, target)
        candidate = deploy_request.build_redeployment(context, present, target=target)
        readable = require_readable(candidate)
        release, over = readable.release, candidate.request.changeover
        needs = release.wiring.needs
        names = select_stacks(selection, {**needs, **dict.fromkeys(over.leaving, ())})
        prepared = prepare.prepare_stored_release(context, readable)
        stacks = tuple(s for s in prepared.stacks if s.name in names)
        if over.leaving.keys() & set(names):
            # A leaving stack is checked until it is destroyed or forgotten.
            prepared = leaving_stacks.add_leaving(context, present, prepared, release=release, changeover=over)
            stacks = (*stacks, *(s for s in prepared.leaving if s.name in names and not s.unready))
        ignored = project.environments[target].drift.ignore
        ignoring = _IgnoreRules(ignored, list_ignored_drift(candidate.request, ignored))
        place = candidate.request.place
        deployed = (here.current.release, here.current.settings, here.current.place)
        as_deployed = here.whole and bool(place) and deployed == (prepared.release, prepared.settings, place)
        # A look takes no lock. Only drift in the ledger needs one, to be cleared, and a role that may take it.
        whole = {each.name for each in prepared.stacks} <= set(names)
        clears = here.drifted and not project.looks_with_role(target) and (whole or not self.records)
        return _Target(
            target=target,
            here=here,
            current=here.current,
            prepared=prepared,
            stacks=stacks,
            ignore_rules=ignoring,
            as_deployed=as_deployed,
            locked=self.locked,
            clears_drift=clears,
        )

    def _await_checks(self, crew: WorkerPool) -> None:
        """Await all checks and record each environment at once after its last stack, in case of an interruption."""
        first_error: BaseException | None = None
        running = sum(len(place.stacks) for place in self.targets.values())
        ended: list[_Target] = []
        while running:
            unit, error = crew.wait_for_job()
            running -= 1
            first_error = first_error or error
            place = self.targets[unit.partition("/")[0]]
            if len(place.seen) == len(place.stacks):
                # Without the locks nothing was found; under them, the recorded drift may be cleared.
                is_unsure = place.clears_drift and not place.locked
                if is_unsure and merge_conditions(place.seen.values()) == "clean" and first_error is None:
                    self.ports.observer.on_message(
                        f"{place.target}: no drift; checking again under the Terraform locks"
                    )
                    place.locked = True
                    place.seen.clear()
                    self._submit_checks(place, crew)
                    running += len(place.stacks)
                else:
                    ended.append(place)
            if ended and not (running and crew.has_ended_job()):
                self._conclude_targets(ended)
                ended.clear()
        if first_error is not None:
            raise first_error

    def _conclude_targets(self, places: Sequence[_Target]) -> None:
        """Record what was found in these environments, in as few entries as possible."""
        found = tuple(map(_sum_up_checks, places))
        if self.records:
            found, self.state = record_findings(self.ports, found, self.state)
        for each in found:
            noted = note_recorded_drift(each, self.state)
            self.results[each.environment] = replace(noted, next=suggest_fix(noted))


def _sum_up_checks(place: _Target) -> EnvironmentDrift:
    stacks = tuple(place.seen[stack.name] for stack in place.stacks)
    return EnvironmentDrift(
        environment=place.target,
        release=place.prepared.release,
        condition=merge_conditions(stacks),
        stacks=stacks,
        deployment=place.current.seq,
        settings=place.prepared.settings,
        whole={stack.name for stack in place.prepared.stacks} <= place.seen.keys(),
        locked=all(stack.locked for stack in stacks),
    )


def require_readable(candidate: deploy_request.Candidate) -> deploy_request.FittingRelease:
    """Raise an error if the bundle is unusable or the settings do not fit it. No other guard applies to a check."""
    if candidate.release is None:
        raise release_store.unusable_bundle_error(candidate.request.identity, candidate.request.bundle)
    if unfit := fitting(candidate.request):
        raise RefusedError((unfit,))
    return candidate.require_fitting()


def _find_blocking_problem(target: str, here: EnvironmentState) -> Problem | None:
    """Return the problem of an environment without a known target state: unfinished or never completed."""
    if here.unfinished_deployment:
        return Problem("E322", f"a deployment to {target} is unfinished", format_command("recover", target))
    if here.current is None and here.last and here.last.action != "destroy":
        message = f"{target} has no complete deployment: the last one {describe_outcome(here.last)}"
        return Problem("E322", message, format_command("status"))
    return None


def _measure_check(ports: Ports, place: _Target, stack: PreparedStack) -> None:
    began = ports.clock.now()
    found = _check_stack(ports, place, stack)
    place.seen[stack.name] = replace(found, seconds=(ports.clock.now() - began).total_seconds())


def _check_stack(ports: Ports, place: _Target, stack: PreparedStack) -> StackDrift:
    target, here, prepared = place.target, place.here, place.prepared
    applied = stack.name in here.stacks
    waits_for = tuple(needed for needed in stack.needs if needed not in here.stacks)
    if waits_for and not stack.leaves:
        waiting = StackPlan(stack.name, waits_for=waits_for)
        return StackDrift(stack=stack.name, condition="clean", pending=waiting, locked=place.locked)
    unchanged = here.whole and here.current is not None and here.current.settings == prepared.settings
    try:
        seen = ports.terraform.detect_drift(target, stack, unchanged=unchanged, locked=place.locked)
        if applied and seen.pending.stateless:
            require_state(ports, target, stack)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return StackDrift(stack=stack.name, condition="unknown", problems=tuple(error.problems))
    remaining, ignored = place.ignore_rules.remove_ignored(drop_volatile(seen.drift), target)
    condition: Condition = "drifted" if remaining.changes else "clean"
    pending = seen.pending if seen.pending.changes and not stack.leaves else None
    if stack.leaves:
        pending = StackPlan(stack.name, leaves=stack.leaves)
    warnings = remaining.warnings
    waits = pending.resources if pending is not None and condition == "clean" and not ignored else ()
    if place.as_deployed and applied and any(each.action is not Action.READ for each in waits):
        warnings = (*warnings, _UNEXPLAINED_PENDING)
    return StackDrift(
        stack=stack.name,
        condition=condition,
        resources=remaining.resources,
        outputs=remaining.outputs,
        pending=pending,
        ignored=ignored,
        warnings=warnings,
        locked=place.locked,
    )


def add_next_commands(ports: Ports, project: Project, drift: Drift, present: LedgerState) -> Drift:
    """Return recorded findings with the next command of each environment that has one."""
    found = []
    for each in drift.environments:
        if each.recorded or each.environment not in project.all_environments or not (each.drifted or each.pending):
            found.append(each)
            continue
        # Imported late: mostly, there is nothing to advise.
        from envctl.usecases.release.next_steps import build_adviser

        context = Context(ports, project.view_for(each.environment))
        try:
            advice = build_adviser(context, present).advise(each.environment, has_pending=each.pending)
            found.append(replace(each, next=advice.advice))
        except EnvctlError:
            found.append(each)
    return Drift(tuple(found))


def suggest_fix(found: EnvironmentDrift) -> str:
    """Return the command for a finding, without the ledger: it fixes or clears drift, applies what is
    pending, or verifies again after a failed check block.
    """
    if found.drifted:
        return format_command("drift", found.environment, fix=True)
    if found.recorded:
        return format_command("drift", found.environment, locked=True)
    if found.pending:
        return format_command("apply", found.environment)
    # A plan only warns of a failed check block. The verification names it, and ends the evidence.
    has_failed_check = any(CHECK_WARNING in text for stack in found.stacks for text in stack.warnings)
    return format_command("verify", found.environment) if has_failed_check else ""
