"""EKS: the authentication mode of a cluster, its access entries, and their access policies."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_api_emulator.patches.containers.eks_access_entries import (
    CONFIG_MAP,
    STANDARD,
    ClusterAccess,
    admit_creator,
    build_association,
    build_entry,
    change_mode,
    check_groups,
    check_username,
    list_policies,
    read_access,
    refuse,
    refuse_missing,
)
from aws_api_emulator.patches.containers.eks_updates import record_update, register_paths
from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from moto.eks.models import Cluster
    from moto.eks.responses import EKSResponse

_ENTRIES_PATH = "/clusters/(?P<name>[^/]+)/access-entries$"
# The ARN of the principal, and what follows it, may have slashes.
_ENTRY_PATH = "/clusters/(?P<name>[^/]+)/access-entries/(?P<entry>.+)$"
_ALL_POLICIES_PATH = "/access-policies$"


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.eks.models import Cluster
    from moto.eks.responses import EKSResponse

    register_paths(_ENTRIES_PATH, _ENTRY_PATH, _ALL_POLICIES_PATH)
    stock_create, stock_update = EKSResponse.create_cluster, EKSResponse.update_cluster_config
    # moto answers with the attributes of a cluster by their names.
    Cluster.access_config = property(  # type: ignore[attr-defined]
        lambda self: {
            "authenticationMode": read_access(self).mode,
            "bootstrapClusterCreatorAdminPermissions": read_access(self).has_creator,
        }
    )

    def create_cluster(self: EKSResponse) -> object:
        config = self._get_param("accessConfig") or {}
        result = stock_create(self)
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        access = read_access(cluster)
        access.mode = config.get("authenticationMode") or CONFIG_MAP
        access.has_creator = config.get("bootstrapClusterCreatorAdminPermissions", True)
        if access.has_creator:
            admit_creator(self, cluster, access)
        return result

    def update_cluster_config(self: EKSResponse) -> object:
        config = self._get_param("accessConfig")
        if not config:
            return stock_update(self)
        cluster = self.eks_backend.describe_cluster(self._get_param("name"))
        change_mode(cluster, config.get("authenticationMode", ""))
        update = record_update(cluster, "AccessConfigUpdate", {"AuthenticationMode": read_access(cluster).mode})
        return ActionResult({"update": update})

    replace_methods(EKSResponse, create_cluster, update_cluster_config)
    replace_methods(EKSResponse, create_access_entry, describe_access_entry, list_access_entries)
    replace_methods(EKSResponse, update_access_entry, delete_access_entry)
    replace_methods(EKSResponse, associate_access_policy, list_associated_access_policies)
    replace_methods(EKSResponse, disassociate_access_policy, list_access_policies)


def create_access_entry(self: "EKSResponse") -> object:
    from moto.eks.exceptions import ResourceInUseException

    cluster, access = _find_access(self)
    principal = self._get_param("principalArn")
    if principal in access.entries:
        message = "The specified access entry resource is already in use on this cluster."
        raise ResourceInUseException(clusterName=cluster.name, message=message)
    given = {name: self._get_param(name) for name in ("kubernetesGroups", "tags", "username", "type")}
    access.entries[principal] = build_entry(cluster, principal, given)
    access.policies[principal] = {}
    return _answer({"accessEntry": access.entries[principal]})


def describe_access_entry(self: "EKSResponse") -> object:
    return _answer({"accessEntry": _find_entry(self)[1]})


def list_access_entries(self: "EKSResponse") -> object:
    _, access = _find_access(self)
    policy = self._get_param("associatedPolicyArn")
    listed = [arn for arn in access.entries if not policy or policy in access.policies[arn]]
    return _answer({"accessEntries": listed})


def update_access_entry(self: "EKSResponse") -> object:
    _, entry = _find_entry(self)
    groups, username = self._get_param("kubernetesGroups"), self._get_param("username")
    if entry["type"] != STANDARD:
        raise refuse(f"The type {entry['type']} does not support changes of the username or groups.")
    if groups is not None:
        check_groups(groups)
        entry["kubernetesGroups"] = groups
    if username:
        check_username(username)
        entry["username"] = username
    entry["modifiedAt"] = datetime.now(UTC)
    return _answer({"accessEntry": entry})


def delete_access_entry(self: "EKSResponse") -> object:
    access, entry = _find_entry(self)
    del access.entries[entry["principalArn"]], access.policies[entry["principalArn"]]
    return _answer({})


def associate_access_policy(self: "EKSResponse") -> object:
    access, entry = _find_entry(self)
    policy, scope = self._get_param("policyArn"), self._get_param("accessScope") or {}
    associated = build_association(entry, policy, scope)
    access.policies[entry["principalArn"]][policy] = associated
    named = {"clusterName": entry["clusterName"], "principalArn": entry["principalArn"]}
    return _answer(named | {"associatedAccessPolicy": associated})


def list_associated_access_policies(self: "EKSResponse") -> object:
    access, entry = _find_entry(self)
    named = {"clusterName": entry["clusterName"], "principalArn": entry["principalArn"]}
    listed = list(access.policies[entry["principalArn"]].values())
    return _answer(named | {"associatedAccessPolicies": listed})


def disassociate_access_policy(self: "EKSResponse") -> object:
    access, entry = _find_entry(self)
    policy = unquote(self._get_param("policyArn"))
    if policy not in access.policies[entry["principalArn"]]:
        raise refuse_missing("The specified access policy is not associated with the access entry.")
    del access.policies[entry["principalArn"]][policy]
    return _answer({})


def list_access_policies(_: "EKSResponse") -> object:
    prefix, names = list_policies()
    return _answer({"accessPolicies": [{"name": name, "arn": f"{prefix}{name}"} for name in names]})


def _find_access(response: "EKSResponse") -> tuple["Cluster", ClusterAccess]:
    from moto.eks.exceptions import InvalidRequestException

    cluster = response.eks_backend.describe_cluster(response._get_param("name"))
    access = read_access(cluster)
    if access.mode == CONFIG_MAP:
        message = (
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
            "operation."
        )
        raise InvalidRequestException(clusterName=cluster.name, message=message)
    return cluster, access


def _find_entry(response: "EKSResponse") -> tuple[ClusterAccess, dict[str, Any]]:
    _, access = _find_access(response)
    principal = unquote(response._get_param("principalArn"))
    if principal not in access.entries:
        raise refuse_missing(
            f"The specified principalArn could not be found. You can view your available access entries with "
            f"'list-access-entries': {principal}"
        )
    return access, access.entries[principal]


def _answer(content: dict[str, Any]) -> object:
    from moto.core.responses import ActionResult, EmptyResult

    return ActionResult(content) if content else EmptyResult()


PATCH = Patch("eks-access", "eks", _apply)
"""moto knows no access entries, and no authentication modes: only the creator could use a cluster."""
