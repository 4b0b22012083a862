"""One cluster, as the driver uses it: find kinds, read, apply, patch and delete objects."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from envctl.adapters.kubernetes.discovery import ApiResource, Discovery
from envctl.adapters.kubernetes.refusals import GONE, MISSING_API, NOT_FOUND, ApiRefusal, Cause, Permission
from envctl.adapters.kubernetes.transport import Call, Transport
from envctl.usecases.ports.kubernetes import ClusterConnection

__all__ = ["ApiRefusal", "ApiResource", "Cause", "ClusterApi", "Permission"]

Manifest = Mapping[str, Any]
PATIENCE_SECONDS, PAGE_SIZE, MAX_RESTARTS = 30.0, 500, 3
_DIGITS = re.compile(r"\d+")


class ClusterApi:
    """Threads share it. Nothing is sent before the first call.

    All methods raise ApiRefusal if the cluster refuses (400 to 422, 401 after a new token), and OperationFailedError
    with E620 to E627 if it can't be reached, or still fails after several attempts.

    `environ` names proxies. `patience` is for one answer, in seconds. `on_warning` takes what the cluster warns of,
    such as a deprecated API.
    """

    def __init__(
        self,
        connection: ClusterConnection,
        environ: Mapping[str, str] | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
        on_warning: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self.name = connection.name  # the cluster in messages
        self._transport = Transport(connection, environ or {}, patience=patience, on_warning=on_warning, sleep=sleep)
        discovery = Discovery(self._transport)
        self.find_resource, self.list_resources = discovery.find_resource, discovery.list_resources
        # For a CustomResourceDefinition that was applied.
        self.rediscover = discovery.forget

    @cached_property
    def version(self) -> str:
        """The version of the cluster, as in `1.35`."""
        found = self._transport.send_json(Call("GET", "/version"))
        # A provider adds to the minor version: "33+".
        parts = [_DIGITS.search(str(found.get(each, ""))) for each in ("major", "minor")]
        return ".".join(part[0] for part in parts if part)

    def find_path(self, manifest: Manifest) -> str | None:
        """Return the path of an object by its manifest; None if the cluster does not serve its kind."""
        resource = self.find_resource(manifest["apiVersion"], manifest["kind"])
        if resource is None:
            return None
        metadata = manifest["metadata"]
        return resource.build_path(metadata.get("namespace") or "", metadata["name"])

    def get(self, target: Manifest | str) -> dict[str, Any] | None:
        """Return an object by its manifest or its path; None if it is not there, or its kind is not."""
        path = target if isinstance(target, str) else self.find_path(target)
        if path is None:
            return None
        try:
            return self._transport.send_json(Call("GET", path))
        except ApiRefusal as refusal:
            if refusal.code == NOT_FOUND:
                return None
            raise

    def list_objects(
        self, resource: ApiResource, namespace: str = "", label_selector: str = "", field_selector: str = ""
    ) -> list[dict[str, Any]]:
        """Return all objects of a kind, page by page; of all namespaces without one. A list that takes so long that the
        server forgets its version begins again.
        """
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        query = {key: value for key, value in selectors.items() if value}
        for left in reversed(range(MAX_RESTARTS)):
            try:
                return self._load_pages(resource, namespace, query)
            except ApiRefusal as refusal:
                if refusal.code != GONE or not left:
                    raise
        raise AssertionError

    def apply(self, manifest: Manifest, *, manager: str, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
        """Apply an object on the side of the server, and return it as it is then. Raises ApiRefusal with 404 if the
        cluster does not serve its kind, and with 409 and causes if other managers own its fields.
        """
        path = self.find_path(manifest)
        if path is None:
            what = f"{manifest['kind']} of {manifest['apiVersion']}"
            raise ApiRefusal(self.name, NOT_FOUND, "NotFound", f"{MISSING_API} kind {what}")
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true" if force else "false"}
        media = "application/apply-patch+yaml"
        return self._transport.send_json(Call("PATCH", _add_query(path, query, dry_run), manifest, media))

    def patch_json(
        self, path: str, operations: Sequence[Mapping[str, Any]], *, manager: str, dry_run: bool = False
    ) -> dict[str, Any]:
        """Change an object by a JSON patch. It is not sent again after an answer that was lost."""
        query = {"fieldManager": manager, "fieldValidation": "Strict"}
        media = "application/json-patch+json"
        body = list(operations)
        call = Call("PATCH", _add_query(path, query, dry_run), body, media, repeatable=dry_run)
        return self._transport.send_json(call)

    def delete(self, path: str, *, uid: str = "") -> dict[str, Any] | None:
        """Delete an object, and only the one with that uid; return the answer, None if it is gone already. Raises
        ApiRefusal with 409 if it is another one by now. Without a uid, a lost answer is an error.
        """
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid} if uid else {},
        }
        call = Call("DELETE", path, body, repeatable=bool(uid))
        try:
            return self._transport.send_json(call)
        except ApiRefusal as refusal:
            if refusal.code == NOT_FOUND:
                return None
            raise

    def has_permission(self, permission: Permission) -> bool:
        """Ask the cluster whether the caller has a permission. A policy of admission may still refuse the request."""
        wanted = {
            "verb": permission.verb,
            "group": permission.group,
            "resource": permission.resource,
            "namespace": permission.namespace,
            "name": permission.name,
        }
        kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        body = {**kind, "spec": {"resourceAttributes": {key: value for key, value in wanted.items() if value}}}
        found = self._transport.send_json(Call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body))
        return (found.get("status") or {}).get("allowed") is True

    def _load_pages(self, resource: ApiResource, namespace: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        further = ""
        while True:
            page = {**query, "limit": str(PAGE_SIZE), **({"continue": further} if further else {})}
            answer = self._transport.send_json(Call("GET", _add_query(resource.build_path(namespace), page)))
            # In a list, the server leaves both out.
            kind = {"apiVersion": resource.api_version, "kind": resource.kind}
            found += [{**kind, **each} for each in answer.get("items") or ()]
            further = (answer.get("metadata") or {}).get("continue") or ""
            if not further:
                return found


def _add_query(path: str, query: Mapping[str, str], dry_run: bool = False) -> str:
    asked = {**query, **({"dryRun": "All"} if dry_run else {})}
    return f"{path}?{urlencode(asked)}" if asked else path
