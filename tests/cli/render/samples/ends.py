"""How far each of several stacks got, where it ended badly."""

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem, StackOutcome
from envctl.domain.guards import Refusal, RefusedError

MORE_THAN_APPROVED = Refusal(
    GuardCode.SAME_PLAN,
    message="the plan exceeds the approval at the gate peer: replace service: aws_ecs_task_definition.this",
    hint="envctl approve staging --gate peer --release 1f0c5a9e77d2",
    for_now=True,
    who="any person except ann@example.com",
)
STARVED = Problem(
    "E331",
    "service: the kernel killed provider aws 6.25.0: out of memory; envctl's processes took 3412 MiB at"
    " their peak\n"
    "it was working on aws_ecs_service.this: what it created may be missing from the state",
    "run fewer at once (--parallelism 1, or --memory with their total limit), or add memory; finished changes are"
    " kept, and the next run continues",
)
OTHER = Problem("E305", "cache: creating ElastiCache Cluster: QuotaExceeded", "correct the cause")
CLEANLY = Problem(
    "E311", "interrupted: no further stacks were started", "the next run continues from the current state"
)


def _after(error: EnvctlError, **ends: StackOutcome) -> EnvctlError:
    error.stacks = tuple(ends.values())
    return error


NETWORK, DATABASE = StackOutcome("network", "applied"), StackOutcome("database", "unchanged")
ENDS = {
    "some of several stacks failed": _after(
        OperationFailedError(STARVED, OTHER),
        network=NETWORK,
        database=DATABASE,
        service=StackOutcome("service", "failed"),
        cache=StackOutcome("cache", "failed"),
        dashboard=StackOutcome("dashboard", "left", ("service", "cache")),
    ),
    "one of several stacks was refused": _after(
        RefusedError((MORE_THAN_APPROVED,)),
        network=NETWORK,
        database=DATABASE,
        service=StackOutcome("service", "refused"),
        dashboard=StackOutcome("dashboard", "left", ("service",)),
    ),
    "several stacks were stopped": _after(
        InterruptedByUserError(CLEANLY),
        network=NETWORK,
        database=StackOutcome("database", "stopped"),
        cache=StackOutcome("cache", "stopped"),
        service=StackOutcome("service", "left"),
    ),
}
