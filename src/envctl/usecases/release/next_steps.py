"""The next step of an environment, from the ledger, the project, and the guards of the change that comes next."""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.guards import Refusal, Request, list_refusals
from envctl.domain.guards.rules import check_stopped_deployment
from envctl.domain.ledger.events import ANONYMOUS
from envctl.domain.ledger.state import EnvironmentState, LedgerState
from envctl.domain.next_step.find_step import find_first_step, find_next_steps, open_refusals
from envctl.domain.next_step.situation import Goal, NextStep, Situation, find_goal
from envctl.domain.release.bundle import compute_identity, pack
from envctl.domain.release.comparison.distance import measure_lag
from envctl.usecases.ports.context import Context
from envctl.usecases.project import working_tree
from envctl.usecases.project.settings.artifact_values import find_tagged_images
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import deploy_request, release_store
from envctl.usecases.release.moved_places import RENAMED, find_changed_place
from envctl.usecases.release.pending_changes import PendingChanges, ReadBundle, find_pending_changes


@dataclass(frozen=True)
class Advice:
    """The next steps of one environment, with the facts that they come from."""

    steps: tuple[NextStep, ...] = ()
    pending: PendingChanges | None = None  # differences of the working tree; None without a running release
    leaving: tuple[str, ...] = ()  # its stacks missing from the running release
    running: str = ""  # the command at work on its unfinished deployment, on this machine
    place: Problem | None = None  # its other place or name by envctl.toml; refused if it has a hint

    @property
    def command(self) -> str:
        """The first command; empty if there is none."""
        return next((step.command for step in self.steps if step.command), "")

    @property
    def advice(self) -> str:
        """The first command, or what to do in words; empty if nothing is to do."""
        return self.command or next((step.advice for step in self.steps), "")


@dataclass
class Adviser:
    """Finds the next steps of environments, each once."""

    context: Context
    present: LedgerState
    read: ReadBundle
    known: dict[str, Advice] = field(default_factory=dict)

    def advise(self, environment: str, *, has_pending: bool = False) -> Advice:
        """Return the next steps. `has_pending` is true if a plan found changes of the configuration."""
        if environment not in self.known or has_pending:
            self.known[environment] = self._find_advice(environment, has_pending=has_pending)
        return self.known[environment]

    def follow(self, environment: str) -> Advice:
        """Return the next steps after a command for an environment: its own, or else those of the one after it."""
        own = self.advise(environment)
        after = self.context.project.pipeline.find_next(environment)
        return own if own.steps or after is None else self.advise(after)

    def list_steps_before(self, target: str) -> tuple[NextStep, ...]:
        """Return the next steps of the environment right before the target."""
        source = self.context.project.pipeline.find_previous(target)
        return self.advise(source).steps if source else ()

    def advise_change(self, request: Request) -> tuple[NextStep, ...]:
        """Return what opens the guards of a change; nothing if none refuses."""
        refusals = list_waiting(request)
        return open_refusals(request, refusals, self.list_steps_before(request.target)) if refusals else ()

    def _find_advice(self, environment: str, *, has_pending: bool) -> Advice:
        context, project = self.context, self.context.project
        here = self.present.find_environment(environment)
        pending = find_pending_changes(context, self.present, environment, self.read)
        leaving = list_leaving_stacks(here, self.read)
        workspace = context.ports.workspace
        running = workspace.find_holder(environment) if here.unfinished_deployment else ""
        changed: Literal["", "code", "settings"] = ""
        if pending is not None and pending.code is not None and pending.code.state == "changed":
            changed = "code"
        elif has_pending or (pending is not None and pending.settings.state == "changed"):
            changed = "settings"
        facts = Situation(
            environment=environment,
            pipeline=project.pipeline,
            present=self.present,
            lag=measure_lag(project.pipeline.order, self.present, environment) if project.pipeline.order else None,
            running=running,
            unsaved=here.last is not None and workspace.has_unsaved_state(environment),
            changed=changed,
            leaving=leaving,
        )
        place = find_changed_place(context, self.present, environment, self.read)
        steps = self._list_steps(facts)
        if (
            place
            and place.hint
            and (place.code == RENAMED or not (find_first_step(facts, None) or _is_about_rules(steps)))
        ):
            steps = (NextStep("", place.message, hint=place.hint),)
        return Advice(steps, pending, leaving, running, place)

    def _list_steps(self, facts: Situation) -> tuple[NextStep, ...]:
        goal = find_goal(facts)
        if goal is None or find_first_step(facts, goal):
            # Nothing has to be read for these.
            return find_next_steps(facts, goal)
        try:
            request = self._build_request(facts, goal)
        except ConfigurationError as error:
            # The tree can't be deployed as it is.
            first = error.problems[0]
            return find_next_steps(facts, None) or (NextStep("", first.message, hint=first.hint),)
        refusals = list_waiting(request)
        if request.action == "apply" and facts.before is None and not request.undoes:
            known = request.identity in self.present.releases
            refusals = tuple(each for each in refusals if known or each.code is not GuardCode.APPROVALS)
        before = self.list_steps_before(facts.environment) if refusals else ()
        return find_next_steps(facts, goal, request, refusals, before)

    def _build_request(self, facts: Situation, goal: Goal) -> Request:
        """Build the request of the goal, without an actor: another person may type the command."""
        context, present, target = self.context, self.present, facts.environment
        release = goal.release or None
        match goal.kind:
            case "promote":
                source = facts.before or ""
                found = deploy_request.build_promotion(context, present, source=source, target=target, release=release)
            case "rollback":
                found = deploy_request.build_rollback(context, present, target=target, release=release)
            case "destroy":
                found = deploy_request.build_redeployment(context, present, target=target, action="destroy")
            case "apply" if facts.before is None:
                return replace(self._build_entry_request(target), actor=ANONYMOUS)
            case _:
                found = deploy_request.build_redeployment(context, present, target=target)
        return replace(found.request, actor=ANONYMOUS, undoes=goal.kind == "fix drift")

    def _build_entry_request(self, target: str) -> Request:
        """Build the request of an apply of the working tree. Its identity is right, unless a registry has to be asked;
        then it is that of no release. Raises ConfigurationError if the tree can't be deployed.
        """
        context, present = self.context, self.present
        made = working_tree.build_release(context)
        settings = load_settings(context, target, made.wiring)
        is_certain = not made.missing and not find_tagged_images(context.project, made)
        identity = compute_identity(pack(made)) if is_certain else ""
        digest = settings.digest(present.find_environment(target).known_settings)
        return deploy_request.build_entry_request(context, present, identity=identity, settings=digest, release=made)


def _is_about_rules(steps: tuple[NextStep, ...]) -> bool:
    """Check if G112 refuses already, with an approval that opens it."""
    return any(step.command.endswith("--rules") or " --rules " in step.command for step in steps)


def list_waiting(request: Request) -> tuple[Refusal, ...]:
    """Return the refusals of the guards, and of what a stopped deployment left to approve."""
    anonymous = replace(request, actor=ANONYMOUS)
    stopped = check_stopped_deployment(anonymous) if anonymous.plan is None else None
    found = (*list_refusals(anonymous), *((stopped,) if stopped else ()))
    return tuple(each for each in found if each.code is not GuardCode.ALLOWED)


def build_adviser(context: Context, present: LedgerState) -> Adviser:
    """Build an adviser that reads each bundle once."""
    return Adviser(context, present, cache(lambda release: release_store.load_bundle(context.ports, release)[:2]))


def list_leaving_stacks(here: EnvironmentState, read: ReadBundle) -> tuple[str, ...]:
    """Return the stacks missing from the running release; none if its bundle is unreadable."""
    release = read(here.current.release)[1] if here.whole and here.current else None
    if release is None:
        # After an incomplete deployment, the next one continues with the existing stacks.
        return ()
    return tuple(sorted(here.stacks - release.wiring.stacks.keys()))
