"""Watches: the changes of a kind, as frames of a stream."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kube_api_emulator.server.api.selection.selectors import Selector
from kube_api_emulator.server.conversion import to_version
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.status_errors import StatusError
from kube_api_emulator.server.store import Event, ObjectStore

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
# How long a watch sleeps before it looks whether its client is still there.
_LOOK_SECONDS = 0.5
# What the internal types of these kinds have also without a value.
_WITH_REPLICAS = ("Deployment", "ReplicaSet", "StatefulSet")
_TEMPLATE_COUNT = {"deprecated.daemonset.template.generation": "0"}

Frame = tuple[str, Object]


@dataclass(frozen=True)
class WatchRequest:
    """What a client wants to watch.

    Attributes:
        namespace: empty for all.
        since: version after which changes are wanted; None for all objects first.
        has_bookmarks: whether the client wants to know the version from time to time.
        ends_initial_events: whether a bookmark ends the objects that come first.
        seconds: how long the watch lasts.
        bookmark_seconds: time between two bookmarks.
        empty: an object of the kind without any value, which bookmarks show.
    """

    resource: Resource
    namespace: str
    selector: Selector
    since: int | None
    has_bookmarks: bool = False
    ends_initial_events: bool = False
    seconds: float = 1800.0
    bookmark_seconds: float = 60.0
    empty: Object = field(default_factory=dict)


def watch_objects(store: ObjectStore, request: WatchRequest, is_ended: Callable[[], bool]) -> Iterator[Frame]:
    """Yield a frame for each object that is there, then for each change, until the time is over."""
    with store.lock:
        since = store.version if request.since is None else request.since
        present = store.list_items(request.resource, request.namespace) if request.since is None else []
    for item in present:
        if request.selector(item):
            yield "ADDED", to_version(request.resource, item)
    if request.ends_initial_events and request.has_bookmarks:
        yield "BOOKMARK", _bookmark(request, since, {INITIAL_EVENTS_END: "true"})
    yield from _watch_changes(store, request, since, is_ended)


def _watch_changes(
    store: ObjectStore, request: WatchRequest, since: int, is_ended: Callable[[], bool]
) -> Iterator[Frame]:
    deadline = time.monotonic() + request.seconds
    next_bookmark = time.monotonic() + request.bookmark_seconds
    while (now := time.monotonic()) < deadline and not is_ended():
        try:
            events, since = _wait_for_events(store, request, since, min(_LOOK_SECONDS, deadline - now))
        except StatusError as error:
            yield "ERROR", error.to_status()
            return
        for event in events:
            if frame := _to_frame(request, event):
                yield frame
        if request.has_bookmarks and time.monotonic() >= next_bookmark:
            next_bookmark = time.monotonic() + request.bookmark_seconds
            yield "BOOKMARK", _bookmark(request, since, {})


def _wait_for_events(store: ObjectStore, request: WatchRequest, since: int, seconds: float) -> tuple[list[Event], int]:
    with store.changed:
        if store.version <= since:
            store.changed.wait(seconds)
        if store.version <= since:
            return [], since
        return store.events_after(request.resource.key, since), store.version


def _to_frame(request: WatchRequest, event: Event) -> Frame | None:
    """Return the frame of a change for this watch: an object outside of the selector counts as deleted."""
    if request.namespace and event.item["metadata"].get("namespace") != request.namespace:
        return None
    was_there = event.previous is not None and request.selector(event.previous)
    is_there = event.type != "DELETED" and request.selector(event.item)
    if not was_there and not is_there:
        return None
    kind = "DELETED" if not is_there else "MODIFIED" if was_there else "ADDED"
    item = event.item
    if not is_there and event.type != "DELETED" and event.previous is not None:
        # The client knows an object that leaves the selector as it was.
        metadata = event.previous["metadata"] | {"resourceVersion": str(event.version)}
        item = event.previous | {"metadata": metadata}
    return kind, to_version(request.resource, item)


def _bookmark(request: WatchRequest, version: int, annotations: dict[str, str]) -> Object:
    metadata: Object = {"resourceVersion": str(version)} | ({"annotations": annotations} if annotations else {})
    resource = request.resource
    if resource.group_version == "apps/v1" and resource.kind == "DaemonSet":
        metadata["annotations"] = _TEMPLATE_COUNT | annotations
    named = {"kind": resource.kind, "apiVersion": resource.group_version}
    empty = dict(request.empty)
    if resource.group_version == "apps/v1" and resource.kind in _WITH_REPLICAS:
        empty["spec"] = {"replicas": 0, **empty["spec"]}
    return {**named, **empty, "metadata": metadata}
