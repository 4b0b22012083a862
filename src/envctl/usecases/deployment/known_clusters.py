"""The clusters of Kubernetes objects, as the ledger knows them: compared by a plan, recorded by a deployment.

A cluster that the plan itself creates or replaces is unknown until its stack was applied.
"""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.guards.plan import EKS_CLUSTER
from envctl.domain.plan.changes import Action, StackPlan
from envctl.domain.plan.cluster_identity import encode_clusters
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack

_NEW = frozenset({Action.CREATE, Action.REPLACE})


def add_known_clusters(ports: Ports, prepared: PreparedEnvironment) -> PreparedEnvironment:
    """Return the stacks with the clusters that they were deployed to. The ledger is read only if one has objects."""
    if not any(stack.workload for stack in prepared.all_stacks):
        return prepared
    here = journal.load(ports).find_environment(prepared.environment)
    known = {name: recorded for name, recorded in here.clusters.items() if name in here.held_stacks}
    stacks, leaving = (
        tuple(replace(each, known_cluster=known.get(each.name, "")) if each.workload else each for each in group)
        for group in (prepared.stacks, prepared.leaving)
    )
    return replace(prepared, stacks=stacks, leaving=leaving)


def forget_replaced_clusters(prepared: PreparedEnvironment, plans: Mapping[str, StackPlan]) -> PreparedEnvironment:
    """Return the stacks without the clusters that these plans replace: a deployment meets new ones there."""
    stacks = (replace(each, known_cluster="") if _makes_cluster(plans, each) else each for each in prepared.stacks)
    return replace(prepared, stacks=tuple(stacks))


def list_planned_clusters(prepared: PreparedEnvironment, plans: Mapping[str, StackPlan]) -> tuple[str, ...]:
    """Return the clusters of the plans for the ledger, with an empty one for each that the plans replace."""
    found = list_met_clusters(plans)
    made = {each.name: "" for each in prepared.stacks if each.name in plans and _makes_cluster(plans, each)}
    return encode_clusters({**found, **made}) if found or made else ()


def list_met_clusters(plans: Mapping[str, StackPlan]) -> dict[str, str]:
    """Return the cluster of each plan that has one. A stack that leaves is forgotten with its cluster."""
    return {name: plan.cluster.recorded for name, plan in plans.items() if plan.cluster and not plan.leaves}


def _makes_cluster(plans: Mapping[str, StackPlan], stack: PreparedStack) -> bool:
    output = stack.workload.cluster.output if stack.workload else None
    if output is None or output.stack not in plans:
        return False
    return any(each.type == EKS_CLUSTER and each.action in _NEW for each in plans[output.stack].resources)
