"""`envctl drift --fix`: what has drifted is deployed again as it was released, through the guards like all else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envctl.domain.errors import EnvctlError, ExitCode, InterruptedByUserError, Problem, worst
from envctl.domain.text.lists import first_of
from envctl.usecases.deployment import drift_undone
from envctl.usecases.deployment.deploy import deploy
from envctl.usecases.deployment.run import Deployed, Run, Wishes
from envctl.usecases.drift.drift import demand_readable, drift
from envctl.usecases.drift.result import Drift, EnvironmentDrift
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import deploy_request


@dataclass(frozen=True)
class Mended:
    """What came of it in one environment: a deployment, or the problems that stood in its way."""

    environment: str
    deployed: Deployed | None = None
    problems: tuple[Problem, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True)
class Fixed:
    drift: Drift
    mended: tuple[Mended, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.drift.problems, *(problem for each in self.mended for problem in each.problems))

    def exit_code(self, *, pending: bool = False) -> ExitCode:
        """What was set right no longer counts as drift."""
        done = {each.environment for each in self.mended if each.deployed}
        left = Drift(tuple(each for each in self.drift.environments if each.environment not in done))
        return worst([left.exit_code(pending=pending), *(each.exit_code for each in self.mended)])


def fix(ports: Ports, environments: Sequence[str], wishes: Wishes) -> Fixed:
    """One after the other; what is refused in one environment does not keep the others from being mended."""
    found = drift(ports, environments)
    return Fixed(found, tuple(_mend(ports, each, wishes) for each in found.environments if each.drifted))


def _mend(ports: Ports, found: EnvironmentDrift, wishes: Wishes) -> Mended:
    target = found.environment
    project, _ = load.seen_from(ports, target)
    run = Run(ports, project, "apply", target, replace(wishes, undo=True))
    run.found = drift_undone.by_name((stack.stack, stack.resources) for stack in found.stacks)
    try:
        with ports.workspace.lock(target, f"envctl drift {target} --fix by {ports.identity.actor().name}"):
            # The release that runs there, in the entry environment too: new code is no way to set anything right.
            candidate = deploy_request.redeployment(ports, project, journal.present(ports), target=target)
            demand_readable(candidate)
            deployed = deploy(candidate, run)
            return _with_remaining(Mended(target, deployed), run.remaining)
    except EnvctlError as error:
        if isinstance(error, InterruptedByUserError) and not _declined(error):
            raise
        return Mended(target, problems=tuple(error.problems), exit_code=error.exit_code)


def _with_remaining(mended: Mended, remaining: tuple[str, ...]) -> Mended:
    if not remaining:
        return mended
    left = first_of(remaining, len(remaining), len(remaining))
    message = (
        f"all is applied, and {left} is not as it was before it drifted: the state of {mended.environment} has it now"
    )
    hint = f"undo it by hand, then: envctl drift {mended.environment}"
    return replace(mended, problems=(Problem("E330", message, hint),), exit_code=ExitCode.FAILED)


def _declined(error: EnvctlError) -> bool:
    """A no to one plan is not a no to the next one; Ctrl-C is."""
    return any(problem.code == "E310" for problem in error.problems)
