"""Refusals of the API in the words of kube-apiserver, as Status objects."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from kube_api_emulator.server.resources import Object, Resource

_MISSING_PATH = "the server could not find the requested resource"


class StatusError(Exception):
    """A refusal.

    Attributes:
        reason: the word for programs; empty if the server gives none.
        details: None if the server's answer has none.
        retry_after: seconds for the header Retry-After; 0 for none.
        warnings: of the request.
    """

    warnings: tuple[str, ...] = ()

    def __init__(
        self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None, retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.retry_after = details, retry_after
        self._continue = ""

    def with_continue(self, token: str) -> Self:
        """Return the refusal of a page with the token for the rest of the list as it is now."""
        self._continue = token
        return self

    def to_status(self) -> Object:
        metadata = {"continue": self._continue} if self._continue else {}
        status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure"}
        status["message"] = self.message
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            details = {name: value for name, value in self.details.items() if value}
            status["details"] = details | ({"retryAfterSeconds": self.retry_after} if self.retry_after else {})
        return status | {"code": self.code}


def name_details(resource: Resource, name: str) -> Object:
    return {"name": name, "group": resource.group, "kind": resource.plural}


def path_not_found() -> StatusError:
    return StatusError(404, "NotFound", _MISSING_PATH, {})


def not_found(resource: Resource, name: str) -> StatusError:
    message = f'{resource.qualified_name} "{name}" not found'
    return StatusError(404, "NotFound", message, name_details(resource, name))


def already_exists(resource: Resource, name: str, *, is_leaving: bool = False) -> StatusError:
    """Return the refusal of a second object of one name; `is_leaving` if the first one is being deleted."""
    prefix = "object is being deleted: " if is_leaving else ""
    message = f'{prefix}{resource.qualified_name} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, name_details(resource, name))


def conflict(resource: Resource, name: str, message: str) -> StatusError:
    text = f'Operation cannot be fulfilled on {resource.qualified_name} "{name}": {message}'
    return StatusError(409, "Conflict", text, name_details(resource, name))


def stale_version(resource: Resource, name: str) -> StatusError:
    message = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, message)


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: Resource, name: str, message: str) -> StatusError:
    subject = f'{resource.qualified_name} "{name}"' if name else resource.qualified_name
    return StatusError(403, "Forbidden", f"{subject} is forbidden: {message}", name_details(resource, name))


def method_not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def method_not_supported(resource: Resource, verb: str) -> StatusError:
    """Return the refusal of a verb that a custom kind does not have."""
    message = f'{verb} is not supported on resources of kind "{resource.qualified_name}"'
    return StatusError(405, "MethodNotAllowed", message, {"group": resource.group, "kind": resource.plural})


def unsupported_media_type(accepted: Sequence[str]) -> StatusError:
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return StatusError(415, "UnsupportedMediaType", message)


def expired(message: str) -> StatusError:
    return StatusError(410, "Expired", message)


def too_large_version(resource: Resource, wanted: int, current: int) -> StatusError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return StatusError(504, "Timeout", message, {"causes": [cause]}, retry_after=int(resource.is_cached))


def not_acceptable(accepted: Sequence[str]) -> StatusError:
    message = "only the following media types are accepted: " + ", ".join(accepted)
    return StatusError(406, "NotAcceptable", message)


def invalid(resource: Resource, name: str, causes: Sequence[tuple[str, str, str]]) -> StatusError:
    """Return a refusal of the content: each cause has a field, a reason and a message."""
    texts = [f"{field}: {message}" for field, _, message in causes]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    listed = [{"reason": reason, "message": message, "field": field} for field, reason, message in causes]
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": listed}
    return StatusError(422, "Invalid", f'{resource.qualified_kind} "{name}" is invalid: {text}', details)
