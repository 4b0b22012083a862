"""Read the outputs of several stacks from their states, one Terraform process a stack."""

from collections.abc import Mapping, Sequence

from envctl.domain.terraform.outputs import Output
from envctl.usecases.concurrency.dag_runner import run_stack_jobs
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def read_outputs(ports: Ports, environment: str, stacks: Sequence[PreparedStack]) -> dict[str, Mapping[str, Output]]:
    """Return the outputs by stack, in the order of `stacks`. Raise all errors together, after reading all."""
    if len(stacks) <= 1:
        return {stack.name: ports.terraform.read_outputs(environment, stack) for stack in stacks}
    found, report = run_stack_jobs(
        ports, environment, stacks, lambda stack: ports.terraform.read_outputs(environment, stack)
    )
    report.raise_failure()
    return {stack.name: found[stack.name] for stack in stacks}
