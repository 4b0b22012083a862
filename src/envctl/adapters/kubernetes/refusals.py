"""What the API of a cluster answers if it refuses a request: the parts of its Status, and the problem for people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envctl.domain.errors import OperationFailedError, Problem

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, GONE, INVALID = 401, 403, 404, 409, 410, 422
MISSING_API = "the server has no"
"""The beginning of a message about a kind or an API that the cluster does not serve."""
MAX_LENGTH = 600
_DENIED = re.compile(
    r'cannot (?P<verb>[a-z]+) resource "(?P<resource>[^"]*)"(?: in API group "(?P<group>[^"]*)")?'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)


@dataclass(frozen=True)
class Cause:
    """One cause of a refusal: the field, the kind of fault, and the words of the server."""

    field: str
    reason: str
    message: str


@dataclass(frozen=True)
class Permission:
    """A permission of RBAC. An empty namespace means the whole cluster, an empty group the core API."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""  # of one object; empty for all of them

    def __str__(self) -> str:
        if self.name:
            return f"{self.verb} {self.resource} {self.name}"
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {name} {where}"


class ApiRefusal(OperationFailedError):  # noqa: N818 (it refuses a request; not all callers fail by it)
    """The cluster refused a request that it understood.

    Attributes:
        code: HTTP status, as in 409.
        reason: reason of the Status, as in `Conflict`; empty if the server gave none.
        message: the server's own words.
        causes: of a conflict, the fields with their managers; of an invalid object, the fields with their faults.
        permission: the missing permission of RBAC; None if the refusal has another cause.
    """

    def __init__(self, cluster: str, code: int, reason: str, message: str, causes: tuple[Cause, ...] = ()) -> None:
        self.code, self.reason, self.message, self.causes = code, reason, message, causes
        self.permission = _find_permission(message) if code == FORBIDDEN else None
        super().__init__(self._describe(cluster))

    def _describe(self, cluster: str) -> Problem:
        said = to_plain_line(self.message) or f"status {self.code}"
        if self.code == UNAUTHORIZED:
            message = f"the {cluster} does not accept your credentials (401)"
            hint = "sign in again; for EKS, the role of the environment needs an access entry of the cluster"
            return Problem("E623", message, hint)
        if self.permission is not None:
            message = f"your role lacks the permission to {self.permission} ({cluster})"
            group, resource = self.permission.group, self.permission.resource
            rule = f'apiGroups ["{group}"], resources ["{resource}"], verbs ["{self.permission.verb}"]'
            return Problem("E624", message, f"allow it in a Role or ClusterRole: {rule}")
        if self.code == FORBIDDEN:
            hint = "a quota, a policy or a webhook of the cluster says so: change the object, or the rule"
            return Problem("E624", f"the {cluster} forbids it: {said}", hint)
        if self.code == NOT_FOUND and self.message.startswith(MISSING_API):
            hint = "apply the CustomResourceDefinition first, or write the apiVersion that the cluster serves"
            return Problem("E626", f"{said} ({cluster})", hint)
        hint = "plan again: the object has changed meanwhile" if self.code == CONFLICT else "correct it, and plan again"
        return Problem("E628", f"the {cluster} refuses the request: {said}", hint)


def read_refusal(cluster: str, code: int, status: Mapping[str, Any]) -> ApiRefusal:
    """Return the refusal in a Status of the API."""
    details = status.get("details")
    found = details.get("causes") if isinstance(details, Mapping) else None
    causes = tuple(
        Cause(_to_text(each.get("field")), _to_text(each.get("reason")), _to_text(each.get("message")))
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, Mapping)
    )
    return ApiRefusal(cluster, code, _to_text(status.get("reason")), _to_text(status.get("message")), causes)


def to_plain_line(text: str) -> str:
    """Return one line without control characters: it comes from a server."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    return plain if len(plain) <= MAX_LENGTH else f"{plain[:MAX_LENGTH]}…"


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _find_permission(message: str) -> Permission | None:
    found = _DENIED.search(message)
    if found is None:
        return None
    return Permission(found["verb"], found["resource"], found["group"] or "", found["namespace"] or "")
