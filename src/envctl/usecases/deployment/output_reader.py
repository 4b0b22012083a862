"""Read the outputs of several stacks from their states, one Terraform process a stack."""

from collections.abc import Mapping, Sequence

from envctl.domain.checks.probes import Output
from envctl.usecases.concurrency.dag_runner import Task, run_tasks
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


def read_outputs(ports: Ports, environment: str, stacks: Sequence[PreparedStack]) -> dict[str, Mapping[str, Output]]:
    """Return the outputs by stack, in the order of `stacks`. Raise all errors together, after reading all."""
    if len(stacks) == 1:
        return {stacks[0].name: ports.terraform.read_outputs(environment, stacks[0])}
    by_name, found = {stack.name: stack for stack in stacks}, dict[str, Mapping[str, Output]]()

    def yield_jobs(name: str) -> Task:
        def read_one() -> None:
            found[name] = ports.terraform.read_outputs(environment, by_name[name])

        yield read_one

    if stacks:
        with ports.terraform.open_worker_pool() as pool:
            report = run_tasks(pool, dict.fromkeys(by_name, ()), yield_jobs, lambda name: f"{environment}/{name}")
        report.raise_failure()
    return {name: found[name] for name in by_name}
