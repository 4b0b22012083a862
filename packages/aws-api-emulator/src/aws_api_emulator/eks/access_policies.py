"""The access policies of EKS, which give an access entry permissions without a role in the cluster.

Facts of the Amazon EKS user guide: "Review access policy permissions". Those for the components of EKS itself
(Auto Mode, hybrid nodes) are listed, and give nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kube_api_emulator.server.identity.rules import Rule


ARN_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"
_CLUSTER_ADMIN, _ADMIN_VIEW = "AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy"
_ALL = ("*",)
_READ = ("get", "list", "watch")
# The role of Kubernetes with the same rules. AWS documents neither leases nor tokens nor evictions for them.
_SAME_AS_ROLES = {
    "AmazonEKSAdminPolicy": ("view", "edit", "admin"),
    "AmazonEKSEditPolicy": ("view", "edit"),
    "AmazonEKSViewPolicy": ("view",),
}
_NOT_IN_POLICIES = frozenset({"leases", "pods/eviction", "serviceaccounts/token"})
_COMPONENTS = (
    *("AmazonEKSAutoNodePolicy", "AmazonEKSBlockStorageClusterPolicy", "AmazonEKSBlockStoragePolicy"),
    *("AmazonEKSComputeClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSHybridPolicy"),
    *("AmazonEKSLoadBalancingClusterPolicy", "AmazonEKSLoadBalancingPolicy"),
    *("AmazonEKSNetworkingClusterPolicy", "AmazonEKSNetworkingPolicy"),
)
NAMES = tuple(sorted((_CLUSTER_ADMIN, _ADMIN_VIEW, *_SAME_AS_ROLES, *_COMPONENTS)))
"""All access policies."""


@cache
def load_access_policies() -> Mapping[str, tuple[Rule, ...]]:
    """Return the rules of each access policy by its name."""
    from kube_api_emulator.server.access.default_roles import build_default_roles
    from kube_api_emulator.server.identity.rules import Rule, parse_rules

    parts = {role["metadata"]["name"]: parse_rules(role["rules"]) for role in build_default_roles()}
    policies = {
        _CLUSTER_ADMIN: (Rule(_ALL, _ALL, _ALL), Rule(_ALL, paths=_ALL)),
        _ADMIN_VIEW: (Rule(_READ, _ALL, _ALL),),
    }
    for name, roles in _SAME_AS_ROLES.items():
        rules = (rule for role in roles for rule in parts[f"system:aggregate-to-{role}"])
        policies[name] = tuple(rule for rule in rules if not _NOT_IN_POLICIES.intersection(rule.resources))
    return policies | dict.fromkeys(_COMPONENTS, ())
