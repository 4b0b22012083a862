"""`envctl plan ENV --explain`: the plan, split by the cause of each change."""

from collections.abc import Mapping
from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.state import Deployment
from envctl.domain.plan.attribution import Cause, Part, split_by_cause
from envctl.domain.plan.changes import EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.drift import drop_volatile
from envctl.domain.release.artifacts import ArtifactPair, pair_artifacts
from envctl.domain.release.bundle import Release, compute_identity, pack
from envctl.domain.release.comparison.changes import ReleaseChanges, compare_releases
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.settings.comparison import Pair, compare_settings
from envctl.domain.settings.settings import EnvironmentSettings, find_key
from envctl.domain.terraform.conversion import convert_value
from envctl.usecases.deployment import planning
from envctl.usecases.inspect.preview import PreviewedRelease, load_stored_release, load_working_tree, plan_under_lock
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import look_scope
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.project.project_file import find_cost_source
from envctl.usecases.project.settings.environment_settings import load_valid_settings, resolve_artifacts
from envctl.usecases.release import release_store


@dataclass(frozen=True)
class PlanDrift:
    """Drift found by the plan of a stack: `before` is the state, and `after` reality."""

    stack: str
    resources: tuple[ResourceChange, ...]


@dataclass(frozen=True, kw_only=True)
class ExplainedPlan:
    """A plan with causes."""

    environment: str
    release: str  # release and runs: the planned release, empty for the working tree, and the running one.
    runs: str
    plan: EnvironmentPlan
    parts: tuple[Part, ...]  # every change of the plan once, by cause
    # code, artifacts and settings: differences from the running release and its settings.
    code: ReleaseChanges | None = None
    artifacts: tuple[ArtifactPair, ...] = ()
    settings: tuple[Pair, ...] = ()
    drifted: tuple[PlanDrift, ...] = ()
    unexplained: str = ""  # the reason for causes not told apart
    label: ReleaseLabel | None = None  # label and runs_label: what people know the two by; None if not recorded.
    runs_label: ReleaseLabel | None = None

    @property
    def changes(self) -> bool:
        return self.plan.changes


def explain_plan(ports: Ports, environment: str, *, release: str | None = None) -> ExplainedPlan:
    """Plan and explain a release; by default the working tree in the entry environment, else the running release."""
    context, target = load_context(ports, environment)
    look_scope.require_visible(context, target)
    present = journal.load(ports)
    here = present.find_environment(target)
    chosen = _choose_release(context, target, here.current, release)
    with lock_target(ports, target, "plan"):
        settings = load_valid_settings(context, target, chosen.release)
        plan = plan_under_lock(context, chosen, settings)
        baselines = _BaselinePlans(ports, context.project, here.current, chosen, settings)
        compared = baselines.plan_baselines(plan) if plan.changes and here.current else {}
    costs = find_cost_source(context.project, target, chosen.release.wiring.stack_regions)
    plan = planning.add_cost(ports, plan, costs)
    looked_at = (drop_volatile(StackPlan(stack.stack, resources=stack.drifted)) for stack in plan.stacks)
    drifted = tuple(PlanDrift(stack.stack, stack.resources) for stack in looked_at if stack.resources)
    return ExplainedPlan(
        environment=target,
        release=chosen.identity,
        runs=here.current.release if here.current else "",
        plan=plan,
        parts=split_by_cause(plan.stacks, compared),
        code=baselines.code,
        artifacts=baselines.artifacts,
        settings=baselines.changed,
        drifted=drifted,
        unexplained=baselines.unexplained if plan.changes else "",
        label=chosen.label,
        runs_label=present.find_label(here.current.release if here.current else None),
    )


def _choose_release(context: Context, target: str, current: Deployment | None, release: str | None) -> PreviewedRelease:
    ports = context.ports
    if release is not None:
        return load_stored_release(ports, release)
    if target == context.project.entry:
        return load_working_tree(context)
    if current is None:
        from envctl.usecases.deployment import prepare
        from envctl.usecases.release import deploy_request

        # Raises the same refusals as a plan of an environment without a release.
        candidate = deploy_request.build_redeployment(context, journal.load(ports), target=target)
        prepare.prepare_stored_release(context, candidate.require_fitting())
    return load_stored_release(ports, current.release if current else "")


class _BaselinePlans:
    """Plans of the running release to compare with: with its deployed settings, and with those of today."""

    def __init__(
        self,
        ports: Ports,
        project: Project,
        current: Deployment | None,
        new: PreviewedRelease,
        settings: EnvironmentSettings,
    ) -> None:
        self._ports, self._project, self._target, self._settings = ports, project, new, settings
        self._running = _load_running(ports, current)
        self._old_settings = (
            release_store.load_settings(ports, settings.environment, current.settings) if current else None
        )
        self._same_settings = current is not None and current.settings == settings.digest({current.settings})
        locked = new.release.with_lock(ports.tree.read_contents(ports.provider_lock))
        identity = new.identity or compute_identity(pack(locked))
        self._same_code = current is not None and current.release == identity
        old = self._running.release if self._running and not self._same_code else None
        self.code = compare_releases(old, new.release) if old else None
        self.artifacts = tuple(pair for pair in pair_artifacts(old, new.release) if not pair.equal) if old else ()
        self.changed = self._compare_settings()
        self.unexplained = self._describe_unexplained(current)

    def plan_baselines(self, plan: EnvironmentPlan) -> dict[Cause, tuple[StackPlan, ...]]:
        """Return plans by cause, with the fewest differences first; empty if the running release is unreadable."""
        found: dict[Cause, tuple[StackPlan, ...]] = {}
        if self._running is None:
            return found
        try:
            if self._same_settings or self._old_settings:
                older = plan.stacks
                if not (self._same_code and self._same_settings):
                    older = self._plan_running_code(self._running, as_then=not self._same_settings)
                # The old value of a sensitive setting is unknown: it may have changed.
                schema = {} if self._same_settings else self._target.release.wiring.schema
                unsure = {stack for stack, variables in schema.items() if any(each.sensitive for each in variables)}
                found["drift"] = tuple(stack for stack in older if stack.drifted or stack.stack not in unsure)
            if not self._same_settings:
                found["settings"] = plan.stacks
                if not self._same_code:
                    found["settings"] = self._plan_running_code(self._running, as_then=False)
        except OperationFailedError as error:
            reason = error.problems[0].message.partition("\n")[0]
            self.unexplained = f"causes are unknown, because the running release could not be planned again: {reason}"
        return found

    def _plan_running_code(self, old: PreviewedRelease, *, as_then: bool) -> tuple[StackPlan, ...]:
        """Plan the running code, with its deployed settings or those of today."""
        today, then = self._settings, self._old_settings
        artifacts = resolve_artifacts(Context(self._ports, self._project), today.environment, old.release.wiring)
        arguments = _build_arguments(artifacts, old.release, today, then, as_then=as_then)
        settings = EnvironmentSettings(today.environment, (), arguments)
        return plan_under_lock(Context(self._ports, self._project), old, settings, left=False).stacks

    def _compare_settings(self) -> tuple[Pair, ...]:
        if self._old_settings is None or self._same_settings:
            return ()
        # Sensitive values were not stored: a change of theirs is unknown.
        pairs = compare_settings(self._old_settings, self._settings).unequal_pairs
        return tuple(pair for pair in pairs if not any(side.sensitive for side in (pair.first, pair.second) if side))

    def _describe_unexplained(self, current: Deployment | None) -> str:
        if current is None:
            return ""
        if self._running is None:
            return "the bundle of the running release is missing or damaged: all changes are listed under the release"
        if not self._same_settings and self._old_settings is None:
            return "the deployed values were not stored: settings and drift can't be separated"
        if not self._same_settings and not self.changed:
            return "a sensitive setting has changed"
        return ""


def _load_running(ports: Ports, current: Deployment | None) -> PreviewedRelease | None:
    if current is None:
        return None
    _, release, _ = release_store.load_bundle(ports, current.release)
    return PreviewedRelease(release, current.release) if release else None


def _build_arguments(
    artifacts: Mapping[str, object],
    release: Release,
    today: EnvironmentSettings,
    then: EnvironmentSettings | None,
    *,
    as_then: bool,
) -> dict[str, dict[str, object]]:
    """Return the arguments of modules by stack: old or current settings known to them, and the `artifacts`."""
    found: dict[str, dict[str, object]] = {}
    left_out = {setting.name for setting in then.settings if setting.sensitive} if then else set()
    carried = {(stack, each.name) for each in today.settings if each.origin == "set" for stack in each.stacks}
    for stack, variables in release.wiring.schema.items():
        now, before = today.arguments.get(stack, {}), (then.arguments.get(stack, {}) if then else {})
        values: dict[str, object] = {}
        for variable in variables:
            name = variable.name
            # A sensitive value was not stored, and counts as unchanged. The old value serves code without a new one.
            was_kept = not variable.sensitive and name not in left_out
            # What the new release sets is no setting of today.
            is_known = name in now and (stack, name) not in carried
            of_then = (as_then and was_kept) or (not is_known and (not variable.has_default or name in now))
            source = before if of_then else now
            given = release.wiring.stacks[stack].set_values
            if key := find_key(artifacts, stack, name):
                values[name] = artifacts[key]
                continue
            if name in given:
                values[name] = convert_value(given[name], variable.type)[0]
                continue
            if name in source:
                values[name] = source[name]
        found[stack] = values
    return found
