"""Read the outputs of several stacks from their states, one Terraform process a stack."""

from collections.abc import Mapping, Sequence

from envctl.domain.terraform.outputs import Output
from envctl.usecases.concurrency.dag_runner import run_stack_jobs
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def read_outputs(ports: Ports, environment: str, stacks: Sequence[PreparedStack]) -> dict[str, Mapping[str, Output]]:
    """Return the outputs by stack, in the order of `stacks`. Raise all errors together, after reading all."""
    if len(stacks) == 1:
        return {stacks[0].name: ports.terraform.read_outputs(environment, stacks[0])}
    by_name, found = {stack.name: stack for stack in stacks}, dict[str, Mapping[str, Output]]()

    def read_one(name: str) -> None:
        found[name] = ports.terraform.read_outputs(environment, by_name[name])

    if stacks:
        run_stack_jobs(ports, environment, by_name, read_one).raise_failure()
    return {name: found[name] for name in by_name}
