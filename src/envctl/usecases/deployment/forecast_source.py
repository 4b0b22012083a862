"""What a forecast takes from the environment before: the lengths of lists, and what was done to a stack there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.fingerprint import list_performed_actions, to_plan_outline
from envctl.domain.plan.forecasts import describe_shape
from envctl.domain.text.lists import join_names
from envctl.usecases.concurrency.dag_runner import run_stack_jobs
from envctl.usecases.deployment import prepare
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.project import look_scope
from envctl.usecases.project.environment_selection import lock_target
from envctl.usecases.release import deploy_request, release_store


@dataclass
class ForecastSource:
    """The environment that a release comes from; without a name there is none. `upstream` are the stacks to read."""

    context: Context
    environment: str
    upstream: Collection[str]

    @cached_property
    def shapes(self) -> Mapping[str, Mapping[str, object]]:
        """The shapes of the outputs there; empty if the states can't be read now."""
        try:
            return self._read_shapes() if self.environment else {}
        except InterruptedByUserError:
            raise
        except EnvctlError:
            return {}

    def _read_shapes(self) -> Mapping[str, Mapping[str, object]]:
        ports, source = self.context.ports, self.environment
        looking = Context(ports, self.context.project.for_looking())
        look_scope.require_visible(looking, source)
        present = journal.load(ports)
        here = present.find_environment(source)
        if here.current is None:
            return {}
        candidate = deploy_request.build_redeployment(looking, present, target=source, release=here.current.release)
        with lock_target(ports, source, "plan"):
            prepared = prepare.prepare_stored_release(looking, candidate.require_fitting(), with_values=False)
            stacks = [each for each in prepared.stacks if each.name in self.upstream and each.workload is None]
            found, report = run_stack_jobs(
                ports, source, stacks, lambda stack: ports.terraform.read_outputs(source, stack)
            )
        report.raise_stop()
        return {name: {key: describe_shape(each) for key, each in outputs.items()} for name, outputs in found.items()}

    def describe_stack(self, name: str) -> str:
        """Return what a stack did there, as a sentence; empty if that is unknown."""
        present = journal.load(self.context.ports)
        there = present.find_environment(self.environment) if self.environment else None
        if there is None or there.current is None:
            return ""
        if done := list_performed_actions(self._list_stored_plans(name, there.current.seq)):
            return f"in {self.environment} its last deployment did this: {join_names(done)}"
        # It waited there, too.
        done = tuple(sorted(there.performed.get(there.current.release, ())))
        return f"in {self.environment} all stacks of the release did this together: {join_names(done)}" if done else ""

    def _list_stored_plans(self, name: str, started: int) -> Iterator[StackPlan]:
        ports = self.context.ports
        for entry in journal.read_entries(ports, [started]):
            if isinstance(entry.event, DeploymentStarted):
                for meaning in release_store.load_plans(ports, [entry.event.plan]).values():
                    outline = to_plan_outline(meaning, self.environment, entry.event.release)
                    yield from (plan for plan in outline.stacks if plan.stack == name)
