"""The outputs of several stacks, as their states hold them: each is a Terraform that has to start."""

from collections.abc import Mapping, Sequence

from envctl.domain.checks.probes import Output
from envctl.usecases.concurrency.dag_runner import Steps, side_by_side
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def read_all(ports: Ports, environment: str, stacks: Sequence[PreparedStack]) -> dict[str, Mapping[str, Output]]:
    """By stack, in the order of `stacks`. Raises what went wrong with any, once all have been asked."""
    if len(stacks) == 1:
        return {stacks[0].name: ports.terraform.outputs(environment, stacks[0])}
    by_name, found = {stack.name: stack for stack in stacks}, dict[str, Mapping[str, Output]]()

    def steps(name: str) -> Steps:
        def job() -> None:
            found[name] = ports.terraform.outputs(environment, by_name[name])

        yield job

    if stacks:
        with ports.terraform.at_once() as crew:
            course = side_by_side(crew, dict.fromkeys(by_name, ()), steps, lambda name: f"{environment}/{name}")
        course.demand_whole()
    return {name: found[name] for name in by_name}
