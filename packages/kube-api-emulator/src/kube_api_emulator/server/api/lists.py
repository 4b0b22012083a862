"""Lists of objects, whole or page by page, and deletes of what is listed."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.api.selection.selectors import Selector
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.conversion import to_version
from kube_api_emulator.server.identity.users import User
from kube_api_emulator.server.resources import Object, Resource, locate
from kube_api_emulator.server.rules.go.go_json import find_json_problem
from kube_api_emulator.server.rules.go.json_types import name_type
from kube_api_emulator.server.status_errors import StatusError, bad_request, expired, too_large_version

_TOKENS = "meta.k8s.io/v1"
_OLD_PAGE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True)
class ListRequest:
    """What to list.

    Attributes:
        namespace: empty for all.
        limit: length of a page; 0 for the whole list.
        token: where the page starts; empty for the first one.
        version: None for the objects as they are now.
        is_exact: whether the objects are wanted as they were in the version.
        is_selected: whether a selector leaves objects out. The server does not count the rest of such a list.
    """

    resource: Resource
    namespace: str
    selector: Selector
    limit: int = 0
    token: str = ""
    version: int | None = None
    is_exact: bool = False
    is_selected: bool = False


def list_objects(cluster: Cluster, request: ListRequest) -> Object:
    """Return a list or a page. Raises StatusError 400 for a token, 410 for one that is too old."""
    store, limit = cluster.store, request.limit
    with store.lock:
        version, items = _find_page(cluster, request)
        metadata: Object = {"resourceVersion": str(version)}
        # The cache of the server has no pages.
        if limit and len(items) > limit and (request.token or request.version != 0):
            metadata["continue"] = _encode(version, _name_start(request, items[limit - 1]))
            if not request.is_selected:
                metadata["remainingItemCount"] = len(items) - limit
            items = items[:limit]
    return _to_list(request.resource, items, metadata)


def _find_page(cluster: Cluster, request: ListRequest) -> tuple[int, list[Object]]:
    """Return the version and the objects from the start of a page. Raises StatusError 410 with another token."""
    store, resource = cluster.store, request.resource
    if not request.token:
        if request.version is not None and request.version > store.version:
            raise too_large_version(resource, request.version, store.version)
        if not request.is_exact or request.version is None:
            return store.version, _select(cluster, request)
        found = store.list_at(resource, request.namespace, request.version)
        return request.version, _choose(request, found)
    version, start = _decode(request.token)
    if request.version:
        raise bad_request("specifying resource version is not allowed when using continue")
    if version < 0:
        # The client takes the rest as it is now.
        items = _select(cluster, request)
        version = store.version
    else:
        try:
            items = _choose(request, store.list_at(resource, request.namespace, version))
        except StatusError:
            raise expired(_OLD_PAGE).with_continue(_encode(-1, start)) from None
    return version, [item for item in items if _name_start(request, item) > start]


def _name_start(request: ListRequest, item: Object) -> str:
    """Return the key of an object in the storage, below the part that all objects of a list share."""
    name, namespace = item["metadata"]["name"], item["metadata"].get("namespace", "")
    return name if request.namespace or not namespace else f"{namespace}/{name}"


def delete_listed(
    cluster: Cluster,
    request: ListRequest,
    options: Mapping[str, Any],
    user: User,
    *,
    is_dry_run: bool,
    warnings: list[str],
) -> Object:
    """Delete the selected objects, and return them. Adds to the warnings."""
    with cluster.store.lock:
        items = _select(cluster, request)
        for item in items:
            place = locate(request.resource, item)
            # An object may go while webhooks are called for the others.
            if cluster.store.find(place):
                cluster.delete(place, options, user, is_dry_run=is_dry_run, warnings=warnings)
        return _to_list(request.resource, items, {"resourceVersion": str(cluster.store.version)})


def _select(cluster: Cluster, request: ListRequest) -> list[Object]:
    return _choose(request, cluster.store.list_items(request.resource, request.namespace))


def _choose(request: ListRequest, items: list[Object]) -> list[Object]:
    return [item for each in items if request.selector(item := to_version(request.resource, each))]


def _to_list(resource: Resource, items: list[Object], metadata: Object) -> Object:
    if not resource.is_custom:
        # The items of these lists name no kind, as those of the real server.
        named = {"apiVersion", "kind"}
        items = [{name: value for name, value in item.items() if name not in named} for item in items]
    else:
        # An empty token is that of an unstructured list; a table has none.
        metadata = {"continue": "", **metadata}
    return {
        "kind": resource.list_kind,
        "apiVersion": resource.group_version,
        "metadata": metadata,
        "items": items,
    }


def _encode(version: int, last: str) -> str:
    """Return a token: the version of a list, -1 for the current objects, and the key after the last object."""
    token = json.dumps({"v": _TOKENS, "rv": version, "start": f"{last}\\u0000"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _decode(token: str) -> tuple[int, str]:
    """Return the version of a list and the key of its last object. Raises StatusError 400."""
    found = _load_token(token)
    version, start = found.get("rv", 0), str(found.get("start", ""))
    if found.get("v", "") != _TOKENS:
        raise _refuse_token(f"server does not recognize this encoded version {found.get('v', '')}")
    if version == 0:
        raise _refuse_token(f"incorrect encoded start resourceVersion (version {_TOKENS})")
    if not start:
        raise _refuse_token(f"encoded start key empty (version {_TOKENS})")
    return version, start.removesuffix("\x00").removeprefix("/")


def _load_token(token: str) -> Mapping[str, Any]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        letter = re.search(r"[^A-Za-z0-9_-]", token)
        raise _refuse_token(
            f"illegal base64 data at input byte {letter.start() if letter else len(token) - 1}"
        ) from None
    try:
        found = json.loads(raw)
    except ValueError:
        raise _refuse_token(find_json_problem(raw)) from None
    if not isinstance(found, dict | None):
        raise _refuse_token(f"json: cannot unmarshal {name_type(found)} into Go value of type storage.continueToken")
    return found or {}


def _refuse_token(problem: str) -> StatusError:
    return bad_request(f"invalid continue token: continue key is not valid: {problem}")
