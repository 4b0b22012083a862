"""Clusters that the deployment itself makes. At the time of the approval, nothing was in them.

EKS has made what is in such a cluster before the first stack, such as `aws-auth`. A stack that was approved unseen may
change these objects: nothing is lost that existed when it was approved.
"""

from collections.abc import Mapping

from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, StackPlan
from envctl.domain.terraform.expressions import OutputReference

EKS_CLUSTER = "aws_eks_cluster"


def list_stacks_in_new_clusters(plan: EnvironmentPlan, clusters: Mapping[str, str]) -> frozenset[str]:
    """Return the stacks whose cluster this plan creates.

    `clusters` has the output with the name of the cluster, by stack of Kubernetes objects. A cluster counts as new only
    if the plan proves it: its stack creates an EKS cluster, with the name that the output gets.
    """
    plans = {each.stack: each for each in plan.stacks}
    references = {stack: OutputReference.parse(text) for stack, text in clusters.items()}
    return frozenset(
        stack
        for stack, reference in references.items()
        if reference.stack in plans and _is_created(plans[reference.stack], reference)
    )


def _is_created(plan: StackPlan, reference: OutputReference) -> bool:
    # With a second configuration or another endpoint, a cluster of that name may exist elsewhere.
    if reference.path or len(plan.providers) > 1 or any(each.endpoints for each in plan.providers):
        return False
    created = [each for each in plan.resources if each.type == EKS_CLUSTER and each.action is Action.CREATE]
    names = [attribute.after for each in created for attribute in each.attributes if attribute.path == "name"]
    outputs = [each.after for each in plan.outputs if each.name == reference.output]
    # Two unknown names are not the same name.
    return any(name in outputs for name in names if isinstance(name, str) and not isinstance(name, Marker))
