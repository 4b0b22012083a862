"""`envctl plan ENV --explain`: the plan, split up by what is the cause of each change."""

from collections.abc import Mapping
from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.state import Deployment
from envctl.domain.plan.attribution import Cause, Part, split
from envctl.domain.plan.changes import EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.plan.drift import without_moving
from envctl.domain.release.artifact_changes import ArtifactPair, pair_artifacts
from envctl.domain.release.bundle import identity, pack
from envctl.domain.release.changes import ReleaseChanges, changes_between
from envctl.domain.release.contents import Release
from envctl.domain.settings.comparison import Pair, compare
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.deployment import cost_estimate
from envctl.usecases.inspect.preview import Previewed, of_working_tree, plan_with, stored
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import bundle_store, settings_store


@dataclass(frozen=True)
class Drifted:
    """What a stack's plan found otherwise than its state: `before` is what the state says, `after` what is there."""

    stack: str
    resources: tuple[ResourceChange, ...]


@dataclass(frozen=True)
class Explained:
    """`parts` hold every change of the plan once, by cause; `release` is empty for the working tree.

    `runs` is the release that runs there. `code` and `artifacts` are what of it would become another, `settings` the
    values that were others when it was deployed, and `drifted` is what somebody did. `unexplained` says why a cause
    could not be told from another.
    """

    environment: str
    release: str
    runs: str
    plan: EnvironmentPlan
    parts: tuple[Part, ...]
    code: ReleaseChanges | None = None
    artifacts: tuple[ArtifactPair, ...] = ()
    settings: tuple[Pair, ...] = ()
    drifted: tuple[Drifted, ...] = ()
    unexplained: str = ""

    @property
    def changes(self) -> bool:
        return self.plan.changes


def explain(ports: Ports, environment: str, *, release: str | None = None) -> Explained:
    """Of the working tree in the entry environment, elsewhere of what runs there; or of any release."""
    project, target = load.seen_from(ports, environment)
    here = journal.present(ports).of(target)
    what = _what(ports, project, target, here.current, release)
    with ports.workspace.lock(target, f"envctl plan {target} --explain by {ports.identity.actor().name}"):
        settings = load.settings(ports, project, target, what.release.wiring)
        plan = plan_with(ports, project, what, settings)
        between = _Between(ports, project, here.current, what, settings)
        compared = between.plans(plan) if plan.changes and here.current else {}
    plan = cost_estimate.priced(ports, plan, cost_estimate.source(project, target, what.release.wiring.regions))
    looked_at = (without_moving(StackPlan(stack.stack, stack.drifted)) for stack in plan.stacks)
    drifted = tuple(Drifted(stack.stack, stack.resources) for stack in looked_at if stack.resources)
    return Explained(
        target,
        what.identity,
        here.current.release if here.current else "",
        plan,
        split(plan.stacks, compared),
        between.code,
        between.artifacts,
        between.changed,
        drifted,
        between.unexplained if plan.changes else "",
    )


def _what(ports: Ports, project: Project, target: str, current: Deployment | None, release: str | None) -> Previewed:
    if release is not None:
        return stored(ports, release)
    if target == project.entry:
        return of_working_tree(ports, project)
    if current is None:
        from envctl.usecases.deployment import prepare
        from envctl.usecases.release import deploy_request

        # Nothing runs there: the guards say so as they say it to a plan.
        prepare.from_store(
            ports, project, deploy_request.redeployment(ports, project, journal.present(ports), target=target)
        )
    return stored(ports, current.release if current else "")


class _Between:
    """The plans to compare with: of the release that runs, with the settings of then, and with those of today."""

    def __init__(
        self, ports: Ports, project: Project, current: Deployment | None, what: Previewed, settings: EnvironmentSettings
    ) -> None:
        self._ports, self._project, self._what, self._settings = ports, project, what, settings
        self._old = _running(ports, current)
        self._then = settings_store.look(ports, settings.environment, current.settings) if current else None
        self._same_settings = current is not None and current.settings == settings.digest()
        self._same_code = current is not None and current.release == (what.identity or _identity(ports, what.release))
        old = self._old.release if self._old and not self._same_code else None
        self.code = changes_between(old, what.release) if old else None
        self.artifacts = tuple(pair for pair in pair_artifacts(old, what.release) if not pair.equal) if old else ()
        self.changed = self._changed()
        self.unexplained = self._why_not(current)

    def plans(self, plan: EnvironmentPlan) -> dict[Cause, tuple[StackPlan, ...]]:
        """The one with the least differences first. None where there is nothing to tell apart."""
        found: dict[Cause, tuple[StackPlan, ...]] = {}
        if self._old is None:
            return found
        try:
            if self._same_settings or self._then:
                of_now = self._same_code and self._same_settings
                then = plan.stacks if of_now else self._plan(self._old, as_then=not self._same_settings)
                found["drift"] = tuple(stack for stack in then if stack.drifted or not self._of_secrets(stack.stack))
            if not self._same_settings:
                found["settings"] = plan.stacks if self._same_code else self._plan(self._old, as_then=False)
        except OperationFailedError as error:
            reason = error.problems[0].message.partition("\n")[0]
            self.unexplained = f"what runs could not be planned once more, so that causes are not told apart: {reason}"
        return found

    def _of_secrets(self, stack: str) -> bool:
        """Whether it may be planned anew because of a sensitive setting, whose value of then nobody knows."""
        sensitive = any(variable.sensitive for variable in self._what.release.wiring.schema.get(stack, ()))
        return sensitive and not self._same_settings

    def _plan(self, old: Previewed, *, as_then: bool) -> tuple[StackPlan, ...]:
        """With the code that runs, and the settings of then or of today."""
        arguments = _arguments(self._artifacts(old), old.release, self._settings, self._then, as_then=as_then)
        settings = EnvironmentSettings(self._settings.environment, (), arguments)
        return plan_with(self._ports, self._project, old, settings, left=False).stacks

    def _artifacts(self, old: Previewed) -> Mapping[str, object]:
        return load.artifacts(self._ports, self._project, self._settings.environment, old.release.wiring)

    def _changed(self) -> tuple[Pair, ...]:
        if self._then is None or self._same_settings:
            return ()
        # What is sensitive was not kept: nobody can say whether it was another value.
        pairs = compare(self._then, self._settings).unequal
        return tuple(pair for pair in pairs if not any(side.sensitive for side in (pair.first, pair.second) if side))

    def _why_not(self, current: Deployment | None) -> str:
        if current is None:
            return ""
        if self._old is None:
            return "the bundle of the release that runs is missing or damaged: all that is new counts as the release"
        if not self._same_settings and self._then is None:
            return "which values were deployed was not kept: settings and drift are not told apart"
        if not self._same_settings and not self.changed:
            return "a sensitive setting has changed"
        return ""


def _running(ports: Ports, current: Deployment | None) -> Previewed | None:
    if current is None:
        return None
    _, release, _ = bundle_store.look(ports, current.release)
    return Previewed(release, current.release) if release else None


def _identity(ports: Ports, release: Release) -> str:
    return identity(pack(release.with_lock(ports.tree.read(ports.provider_lock))))


def _arguments(
    artifacts: Mapping[str, object],
    release: Release,
    today: EnvironmentSettings,
    then: EnvironmentSettings | None,
    *,
    as_then: bool,
) -> dict[str, dict[str, object]]:
    """What the modules of a release are called with: what they know, of then or of today, and its own `artifacts`."""
    found: dict[str, dict[str, object]] = {}
    left_out = {setting.name for setting in then.settings if setting.sensitive} if then else set()
    for stack, variables in release.wiring.schema.items():
        now, before = today.arguments.get(stack, {}), (then.arguments.get(stack, {}) if then else {})
        values: dict[str, object] = {}
        for variable in variables:
            name = variable.name
            # What is sensitive was not kept, and counts as unchanged. What today's code no longer needs is of then.
            was_kept = not variable.sensitive and name not in left_out
            of_then = (as_then and was_kept) or (name not in now and not variable.has_default)
            source = before if of_then else now
            if name in artifacts:
                source = artifacts
            if name in source:
                values[name] = source[name]
        found[stack] = values
    return found
