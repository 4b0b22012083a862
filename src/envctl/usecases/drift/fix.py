"""`envctl drift --fix`: redeployment of the drifted environments, with all guards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import EVERY_GUARD
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem
from envctl.domain.exit_codes import ExitCode, worst_exit_code
from envctl.domain.guards.drift import is_object_drift, suggest_ignoring
from envctl.domain.text.lists import join_first
from envctl.usecases.deployment import drift_undo
from envctl.usecases.deployment.deploy import deploy_release, to_result
from envctl.usecases.deployment.progress import Attempt
from envctl.usecases.deployment.request import DeployOptions, DeployRequest
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.drift.drift import check_drift, require_readable
from envctl.usecases.drift.ledger_entries import record_unplanned
from envctl.usecases.drift.result import Drift, EnvironmentDrift
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request

ASKS = EVERY_GUARD


@dataclass(frozen=True)
class EnvironmentFix:
    """The repair of one environment: a deployment, or the problems that prevented it."""

    environment: str
    deployed: DeploymentResult | None = None
    problems: tuple[Problem, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True)
class DriftFix:
    drift: Drift
    mended: tuple[EnvironmentFix, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.drift.problems, *(problem for each in self.mended for problem in each.problems))

    def exit_code(self, *, pending: bool = False) -> ExitCode:
        """Return the worst exit code. Drift of a repaired environment no longer counts."""
        done = {each.environment for each in self.mended if each.deployed}
        unfixed = Drift(tuple(each for each in self.drift.environments if each.environment not in done))
        return worst_exit_code([unfixed.exit_code(pending=pending), *(each.exit_code for each in self.mended)])


def fix_drift(ports: Ports, environments: Sequence[str], wishes: DeployOptions) -> DriftFix:
    """Redeploy each drifted environment in turn. A refusal in one does not stop the others."""
    found = check_drift(ports, environments)
    return DriftFix(found, tuple(fix_environment(ports, each, wishes) for each in found.environments if each.drifted))


def fix_environment(ports: Ports, found: EnvironmentDrift, wishes: DeployOptions) -> EnvironmentFix:
    """Redeploy one drifted environment. Errors are returned, but for an interruption."""
    target = found.environment
    context, _ = load_context(ports, target)
    drifted = drift_undo.index_by_name((stack.stack, stack.resources) for stack in found.stacks)
    request = DeployRequest(context, "apply", target, replace(wishes, undo=True), drifted)
    try:
        with lock_target(ports, target, "drift"):
            # The running release, in the entry environment too: new code must not come with a repair.
            candidate = deploy_request.build_redeployment(context, journal.load(ports), target=target)
            require_readable(candidate)
            ended = deploy_release(request, candidate)
            remaining = ended.remaining if isinstance(ended, Attempt) else ()
            return _report_remaining(EnvironmentFix(target, to_result(ended)), remaining)
    except EnvctlError as error:
        is_declined = any(problem.code == "E310" for problem in error.problems)
        if isinstance(error, InterruptedByUserError) and not is_declined:
            # Ctrl-C stops the repair of all environments.
            raise
        if isinstance(error, drift_undo.UnplannedDriftError):
            record_unplanned(ports, found, error.names)
        return EnvironmentFix(target, problems=tuple(error.problems), exit_code=error.exit_code)


def _report_remaining(mended: EnvironmentFix, remaining: tuple[str, ...]) -> EnvironmentFix:
    if not remaining:
        return mended
    listed = join_first(remaining, len(remaining), len(remaining))
    message = f"all is applied, but drift of {listed} remains"
    if is_object_drift(remaining):
        hint = suggest_ignoring(mended.environment)
    else:
        message += f": it is now in the state of {mended.environment}"
        hint = f"undo it by hand, then: {format_command('drift', mended.environment)}"
    return replace(mended, problems=(Problem("E330", message, hint),), exit_code=ExitCode.FAILED)
