"""Whether a project pins the program that runs as Terraform."""

from envctl.domain.aws.access import is_on_aws
from envctl.usecases.ports.context import Context

UNPINNED = "Terraform is not pinned: real accounts are applied by the one that a machine happens to have"


def has_unpinned_program(context: Context) -> bool:
    """Return whether real accounts run a Terraform that `[terraform.pin]` does not name. The sandbox has none."""
    project = context.project
    runs = any(not stack.is_kubernetes for stack in project.every_stack.values())
    return runs and project.terraform.pin is None and is_on_aws(project) and not context.ports.sandbox
