"""Lists of objects, whole or page by page, and deletes of what is listed."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envctl.adapters.sandbox.kubernetes.api.selectors import Selector
from envctl.adapters.sandbox.kubernetes.cluster import Cluster
from envctl.adapters.sandbox.kubernetes.identity.users import User
from envctl.adapters.sandbox.kubernetes.resources import Object, Resource, locate
from envctl.adapters.sandbox.kubernetes.status_errors import StatusError, bad_request


@dataclass(frozen=True)
class ListRequest:
    """What to list.

    Attributes:
        namespace: empty for all.
        limit: length of a page; 0 for the whole list.
        token: where the page starts; empty for the first one.
        is_selected: whether a selector leaves objects out. The server does not count the rest of such a list.
    """

    resource: Resource
    namespace: str
    selector: Selector
    limit: int = 0
    token: str = ""
    is_selected: bool = False


def list_objects(cluster: Cluster, request: ListRequest) -> Object:
    """Return a list or a page. Raises StatusError 410 for a token that is too old."""
    store, limit = cluster.store, request.limit
    with store.lock:
        version, items = _find_page(cluster, request)
        metadata: Object = {"resourceVersion": str(version)}
        if limit and len(items) > limit:
            after = _name_place(items[limit - 1])
            metadata["continue"] = _encode(store.save_page(version, items[limit:]), after)
            if not request.is_selected:
                metadata["remainingItemCount"] = len(items) - limit
            items = items[:limit]
    return _to_list(request.resource, items, metadata)


def _find_page(cluster: Cluster, request: ListRequest) -> tuple[int, list[Object]]:
    """Return the version and the objects from the start of a page. Raises StatusError 410 with another token."""
    store = cluster.store
    if not request.token:
        return store.version, _select(cluster, request)
    page, after = _decode(request.token)
    if not page:
        # The client takes the rest as it is now.
        return store.version, [item for item in _select(cluster, request) if _name_place(item) > after]
    try:
        return store.load_page(page)
    except StatusError as error:
        raise error.with_continue(_encode("", after)) from None


def _name_place(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def delete_listed(
    cluster: Cluster, request: ListRequest, options: Mapping[str, Any], user: User, *, is_dry_run: bool
) -> Object:
    """Delete the selected objects, and return them."""
    with cluster.store.lock:
        items = _select(cluster, request)
        for item in items:
            cluster.delete(locate(request.resource, item), options, user, is_dry_run=is_dry_run)
        return _to_list(request.resource, items, {"resourceVersion": str(cluster.store.version)})


def _select(cluster: Cluster, request: ListRequest) -> list[Object]:
    return [item for item in cluster.list_items(request.resource, request.namespace) if request.selector(item)]


def _to_list(resource: Resource, items: list[Object], metadata: Object) -> Object:
    if not resource.is_custom:
        # The items of these lists name no kind, as those of the real server.
        named = {"apiVersion", "kind"}
        items = [{name: value for name, value in item.items() if name not in named} for item in items]
    return {
        "kind": resource.list_kind,
        "apiVersion": resource.group_version,
        "metadata": metadata,
        "items": items,
    }


def _encode(page: str, after: tuple[str, str]) -> str:
    """Return a token: the name of a kept page, empty for the current objects, and the last place before it."""
    token = json.dumps({"v": "meta.k8s.io/v1", "page": page, "after": after})
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _decode(token: str) -> tuple[str, tuple[str, str]]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = found["after"]
        return str(found["page"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise bad_request(f"invalid continue token: continue key is not valid{_describe_damage(token)}") from error


def _describe_damage(token: str) -> str:
    letter = re.search(r"[^A-Za-z0-9_-]", token)
    return f": illegal base64 data at input byte {letter.start()}" if letter else ""
