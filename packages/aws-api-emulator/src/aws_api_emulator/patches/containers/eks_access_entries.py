"""EKS: access entries of a cluster as values, and what EKS refuses of them."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.eks.models import Cluster
    from moto.eks.responses import EKSResponse

CONFIG_MAP, _BOTH, _API = "CONFIG_MAP", "API_AND_CONFIG_MAP", "API"
_NEXT_MODES = {CONFIG_MAP: (CONFIG_MAP, _BOTH), _BOTH: (_BOTH, _API), _API: (_API,)}
_PRINCIPAL = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(?P<kind>role|user)/(?:.*/)?(?P<name>[^/]+)")
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
_NODE_NAMES = {
    "EC2_LINUX": "system:node:{{EC2PrivateDNSName}}",
    "EC2_WINDOWS": "system:node:{{EC2PrivateDNSName}}",
    "EC2": "system:node:{{EC2PrivateDNSName}}",
    "FARGATE_LINUX": "system:node:{{SessionName}}",
    "HYBRID_LINUX": "system:node:{{SessionName}}",
}
_NODE_GROUPS = ["system:bootstrappers", "system:nodes"]
STANDARD = "STANDARD"
_ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"


@dataclass
class ClusterAccess:
    """Who may use a cluster.

    Attributes:
        hidden_admin: ARN of the creator, who is an administrator without an entry; empty for none.
        entries: access entries by the ARN of their principal, as EKS describes them.
        policies: for each of these, its access policies by their ARN.
    """

    mode: str = CONFIG_MAP
    has_creator: bool = True
    hidden_admin: str = ""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)


def read_access(cluster: "Cluster") -> ClusterAccess:
    access: ClusterAccess = vars(cluster).setdefault("access", ClusterAccess())
    return access


def admit_creator(response: "EKSResponse", cluster: "Cluster", access: ClusterAccess) -> None:
    """Make the creator of a cluster its administrator."""
    from aws_api_emulator.callers import identify_caller
    from aws_api_emulator.eks.role_arns import find_role_arn

    principal = find_role_arn(identify_caller(response.get_access_key()).arn)
    if access.mode == CONFIG_MAP:
        access.hidden_admin = principal
        return
    if not _PRINCIPAL.fullmatch(principal):
        # Keys without a user in IAM.
        access.hidden_admin = principal
        return
    access.entries[principal] = build_entry(cluster, principal, {})
    policy = f"{list_policies()[0]}{_ADMIN_POLICY}"
    access.policies[principal] = {policy: build_association(access.entries[principal], policy, {"type": "cluster"})}


def change_mode(cluster: "Cluster", mode: str) -> None:
    access = read_access(cluster)
    if mode not in _NEXT_MODES[access.mode]:
        raise refuse(f"Unsupported authentication mode update from {access.mode} to {mode}")
    if access.mode == CONFIG_MAP and mode == _BOTH and _PRINCIPAL.fullmatch(access.hidden_admin):
        principal, policy = access.hidden_admin, f"{list_policies()[0]}{_ADMIN_POLICY}"
        access.hidden_admin = ""
        access.entries[principal] = entry = build_entry(cluster, principal, {})
        access.policies[principal] = {policy: build_association(entry, policy, {"type": "cluster"})}
    access.mode = mode


def build_entry(cluster: "Cluster", principal: str, given: Mapping[str, Any]) -> dict[str, Any]:
    match = _PRINCIPAL.fullmatch(principal or "")
    if not match:
        raise refuse("The specified principalArn is invalid: invalid principal.")
    kind, groups = given.get("type") or STANDARD, given.get("kubernetesGroups") or []
    username = given.get("username")
    if kind == STANDARD:
        check_groups(groups)
        if username:
            check_username(username)
    elif kind not in _NODE_NAMES:
        raise refuse(f"The specified type is invalid: {kind}")
    elif groups or username:
        raise refuse(f"The type {kind} does not support a username or groups.")
    now = datetime.now(UTC)
    base = cluster.arn.replace(":cluster/", ":access-entry/")
    account = principal.split(":")[4]
    return {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": list(groups) if kind == STANDARD else list(_NODE_GROUPS),
        "accessEntryArn": f"{base}/{match['kind']}/{account}/{match['name']}/{uuid.uuid4()}",
        "createdAt": now,
        "modifiedAt": now,
        "tags": given.get("tags") or {},
        "username": username or _NODE_NAMES.get(kind) or _choose_username(principal, match["kind"], match["name"]),
        "type": kind,
    }


def _choose_username(principal: str, kind: str, name: str) -> str:
    """Return the user name that EKS chooses: for a role, the one of its sessions."""
    if kind == "user":
        return principal
    partition, account = principal.split(":")[1], principal.split(":")[4]
    return f"arn:{partition}:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"


def check_groups(groups: list[str]) -> None:
    for group in groups:
        if prefix := next((each for each in _RESERVED if group.startswith(each)), ""):
            raise refuse(f"The kubernetes group name {group} is invalid, it cannot start with {prefix}")


def check_username(username: str) -> None:
    if prefix := next((each for each in _RESERVED if username.startswith(each)), ""):
        raise refuse(f"The username {username} is invalid, it cannot start with {prefix}")
    before, template, _ = username.partition("{{SessionName}}")
    if template and ":" not in before:
        raise refuse("The username must have a colon before {{SessionName}}")


def build_association(entry: Mapping[str, Any], policy: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    prefix, names = list_policies()
    if (policy or "").removeprefix(prefix) not in names:
        raise refuse(f"The policyArn parameter format is not valid: {policy}")
    if entry["type"] != STANDARD and entry["type"] != "EC2":
        raise refuse(f"Access policies cannot be associated with an access entry of type {entry['type']}.")
    kind, namespaces = scope.get("type"), scope.get("namespaces") or []
    if kind not in ("cluster", "namespace") or (kind == "namespace") != bool(namespaces):
        raise refuse("The access scope needs the type cluster, or the type namespace with namespaces.")
    now = datetime.now(UTC)
    described = {"type": kind, "namespaces": list(namespaces)}
    return {"policyArn": policy, "accessScope": described, "associatedAt": now, "modifiedAt": now}


def list_policies() -> tuple[str, Sequence[str]]:
    """Return the beginning of the ARNs of all access policies, and their names."""
    from aws_api_emulator.eks.access_policies import ARN_PREFIX, NAMES

    return ARN_PREFIX, NAMES


def refuse(message: str) -> Exception:
    from moto.eks.exceptions import InvalidParameterException

    error: Exception = InvalidParameterException(message=message)
    return error


def refuse_missing(message: str) -> Exception:
    from moto.eks.exceptions import ResourceNotFoundException

    error: Exception = ResourceNotFoundException(message=message)
    return error
