"""Users, the attributes of their requests, and refusals of these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kube_api_emulator.server.identity.rules import Grant
from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.status_errors import StatusError

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True)
class User:
    """A user of the cluster.

    Attributes:
        grants: what its platform allows it beside the roles of the cluster.
    """

    name: str
    groups: tuple[str, ...] = (AUTHENTICATED,)
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uid: str = ""
    grants: tuple[Grant, ...] = ()

    def to_info(self) -> Object:
        """Return the user as `kubectl auth whoami` shows it."""
        info: Object = {"username": self.name} | ({"uid": self.uid} if self.uid else {})
        info |= {"groups": list(self.groups)} if self.groups else {}
        return info | ({"extra": {name: list(values) for name, values in self.extra.items()}} if self.extra else {})


ADMIN = User("kubernetes-admin", (MASTERS, AUTHENTICATED))
# The writes of the controllers.
CONTROLLER = User(
    "system:serviceaccount:kube-system:generic-garbage-collector",
    ("system:serviceaccounts", "system:serviceaccounts:kube-system", AUTHENTICATED),
)


@dataclass(frozen=True)
class Access:
    """The attributes of a request, for the decision about its permission.

    Attributes:
        path: of a request for no resource; empty for a resource.
    """

    user: User
    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    part: str = ""
    is_dry_run: bool = False
    path: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed, and why."""

    is_allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.is_allowed


Authenticate = Callable[[str], User | None]
"""Returns the user of a token, None for a token that is not valid."""
Authorize = Callable[[Access], bool | Decision]


def check_access(authorize: Authorize, access: Access) -> None:
    """Check a permission. Raises StatusError 403."""
    decision = authorize(access)
    if not decision:
        raise refuse_access(access, decision.reason if isinstance(decision, Decision) else "")


def refuse_access(access: Access, reason: str = "") -> StatusError:
    """Return the refusal of RBAC."""
    ending = f": {reason}" if reason else ""
    if access.path:
        message = f'forbidden: User "{access.user.name}" cannot {access.verb} path "{access.path}"{ending}'
        return StatusError(403, "Forbidden", message, {})
    place = f'in the namespace "{access.namespace}"' if access.namespace else "at the cluster scope"
    part = f"/{access.part}" if access.part else ""
    qualified = f"{access.resource}.{access.group}" if access.group else access.resource
    subject = f'{qualified} "{access.name}"' if access.name else qualified
    message = (
        f'{subject} is forbidden: User "{access.user.name}" cannot {access.verb} resource '
        f'"{access.resource}{part}" in API group "{access.group}" {place}{ending}'
    )
    details = {"name": access.name, "group": access.group, "kind": access.resource}
    return StatusError(403, "Forbidden", message, details)
