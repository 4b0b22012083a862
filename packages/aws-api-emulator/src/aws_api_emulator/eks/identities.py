"""Identities of AWS and the users of a cluster: access entries of EKS, and the ConfigMap `aws-auth`.

Facts: the Amazon EKS user guide ("Grant IAM users access to Kubernetes"), and aws-iam-authenticator, which EKS runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.identity.rules import Grant
from kube_api_emulator.server.identity.users import ADMIN, AUTHENTICATED, User

from aws_api_emulator.eks.access_policies import load_access_policies
from aws_api_emulator.eks.role_arns import ASSUMED, find_role_arn, remove_path
from aws_api_emulator.exchange import AccessEntry, Caller, EksCluster

_PREFIX = "arn:aws:eks::aws:cluster-access-policy/"


@dataclass(frozen=True)
class _Identity:
    """Who has signed a token.

    Attributes:
        arn: of the role or the user in IAM, without a path.
        session: name of the session of a role; empty for a user.
    """

    caller: Caller
    arn: str
    session: str = ""

    def fill(self, template: str) -> str:
        """Return a user name or a group with the facts of the identity."""
        facts = {
            "{{AccountID}}": self.caller.account_id,
            "{{SessionName}}": self.session.replace("@", "-"),
            "{{SessionNameRaw}}": self.session,
            "{{AccessKeyID}}": self.caller.access_key,
            "{{EC2PrivateDNSName}}": self.caller.private_dns,
        }
        for name, value in facts.items():
            template = template.replace(name, value)
        return template

    def to_user(self, name: str, groups: tuple[str, ...], grants: tuple[Grant, ...] = ()) -> User:
        caller = self.caller
        principal = caller.principal_id.partition(":")[0]
        extra = {
            "accessKeyId": caller.access_key,
            "arn": caller.arn,
            "canonicalArn": self.arn,
            "principalId": principal,
            "sessionName": self.session,
        }
        shown = {key: (value,) for key, value in extra.items()}
        uid = f"aws-iam-authenticator:{caller.account_id}:{principal}"
        return User(name, (*groups, AUTHENTICATED), shown, uid, grants)


def find_user(caller: Caller, cluster: EksCluster, auth_map: Mapping[str, str] | None) -> User | None:
    """Return the user of a cluster for an identity of AWS; None if the cluster does not know it.

    Args:
        auth_map: data of the ConfigMap `aws-auth`; None if there is none.
    """
    identity = _identify(caller)
    if cluster.authentication_mode != "CONFIG_MAP":
        for entry in cluster.access_entries:
            if remove_path(entry.principal_arn) == identity.arn:
                return _apply_entry(identity, entry)
    if cluster.authentication_mode == "API":
        return None
    if identity.arn == remove_path(cluster.creator_arn):
        return identity.to_user(ADMIN.name, ADMIN.groups[:1])
    return _apply_map(identity, auth_map or {})


def _identify(caller: Caller) -> _Identity:
    match = ASSUMED.fullmatch(caller.arn)
    return _Identity(caller, find_role_arn(caller.arn), match["session"] if match else "")


def _apply_entry(identity: _Identity, entry: AccessEntry) -> User:
    policies = load_access_policies()
    grants = (Grant(policies.get(arn.removeprefix(_PREFIX), ()), namespaces) for arn, namespaces in entry.policies)
    return identity.to_user(identity.fill(entry.username), entry.groups, tuple(grants))


def _apply_map(identity: _Identity, auth_map: Mapping[str, str]) -> User | None:
    for key, name in (("mapRoles", "rolearn"), ("mapUsers", "userarn")):
        for item in parse_list(auth_map.get(key, "")):
            if isinstance(item, dict) and str(item.get(name, "")).lower() == identity.arn.lower():
                groups = tuple(identity.fill(str(group)) for group in item.get("groups") or ())
                return identity.to_user(identity.fill(str(item.get("username") or identity.arn)), groups)
    accounts = {str(account) for account in parse_list(auth_map.get("mapAccounts", ""))}
    return identity.to_user(identity.arn, ()) if identity.caller.account_id in accounts else None


def parse_list(text: str) -> list[Any]:
    """Return the entries of a list in YAML; none for a text that is not one, as EKS reads it."""
    import yaml  # type: ignore[import-untyped]

    try:
        # An account number with a zero at its beginning stays a text.
        found = yaml.load(text, yaml.BaseLoader)  # noqa: S506 (it builds texts alone)
    except yaml.YAMLError:
        return []
    return found if isinstance(found, list) else []
