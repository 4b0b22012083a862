"""The objects of one cluster in memory, their versions, and the events of their changes."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, TypeVar

from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.status_errors import expired

T = TypeVar("T")
EventType = Literal["ADDED", "MODIFIED", "DELETED"]

_METADATA = (
    *("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers"),
    "managedFields",
)
_KEPT_EVENTS = 10_000
_OLD_VERSION = "The resourceVersion for the provided list is too old."


@dataclass(frozen=True)
class Event:
    """One change of an object. `previous` is the object before it, unless it is new."""

    version: int
    key: tuple[str, str]
    type: EventType
    item: Object
    previous: Object | None


def _sort_metadata(metadata: Object) -> Object:
    """Return metadata in the order of the fields of its Go type, which answers and messages show."""
    return {name: metadata[name] for name in _METADATA if name in metadata} | metadata


class ObjectStore:
    """Keeps objects. They are never changed in place: each change stores another one.

    Its lock serves all of the cluster: what reads and then writes holds it.
    """

    def __init__(self, kept_events: int = _KEPT_EVENTS) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 0
        self.listeners: list[Callable[[Event], None]] = []
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Object]] = {}
        self._events: deque[Event] = deque(maxlen=kept_events)
        # All events after this version are kept.
        self._oldest = 0
        self._is_compacted = False

    def find(self, place: Place) -> Object | None:
        return self._objects.get(place.resource.key, {}).get((place.namespace, place.name))

    def list_items(self, resource: Resource, namespace: str = "") -> list[Object]:
        """Return the objects of a namespace, or of all, by namespace and name."""
        with self.lock:
            stored = sorted(self._objects.get(resource.key, {}).items())
        return [item for (place, _), item in stored if not namespace or place == namespace]

    def put(self, resource: Resource, item: Object) -> Object:
        """Store an object in a new version, which is set in it."""
        with self.lock:
            place = item["metadata"].get("namespace", ""), item["metadata"]["name"]
            stored = self._objects.setdefault(resource.key, {})
            previous = stored.get(place)
            self.version += 1
            item["metadata"]["resourceVersion"] = str(self.version)
            item["metadata"] = _sort_metadata(item["metadata"])
            stored[place] = item
            self._notify(Event(self.version, resource.key, "MODIFIED" if previous else "ADDED", item, previous))
            return item

    def remove(self, resource: Resource, item: Object) -> Object:
        """Remove an object, and return it with the version of its removal."""
        with self.lock:
            place = item["metadata"].get("namespace", ""), item["metadata"]["name"]
            previous = self._objects.get(resource.key, {}).pop(place, None)
            self.version += 1
            version = str(self.version)
            removed = item | {"metadata": item["metadata"] | {"resourceVersion": version}}
            # A watch gets the object as it was stored, with the finalizers that the last write took.
            last = (previous or item) | {"metadata": (previous or item)["metadata"] | {"resourceVersion": version}}
            self._notify(Event(self.version, resource.key, "DELETED", last, previous))
            return removed

    def run_unlocked(self, functions: Sequence[Callable[[], T]]) -> list[T]:
        """Run functions in threads of their own, and release the lock until all have ended. Returns their results.

        Other requests are answered meanwhile: what the caller has read may be outdated afterwards.
        """
        results: list[Future[T]] = [Future() for _ in functions]

        def run(function: Callable[[], T], result: Future[T]) -> None:
            try:
                result.set_result(function())
            except BaseException as error:  # noqa: BLE001 (the caller gets it)
                result.set_exception(error)
            with self.lock:
                self.changed.notify_all()

        with self.lock:
            for each in zip(functions, results, strict=True):
                threading.Thread(target=run, args=each, daemon=True).start()
            # Waiting on a condition releases its lock, however often this thread holds it.
            self.changed.wait_for(lambda: all(result.done() for result in results))
        return [result.result() for result in results]

    def events_after(self, key: tuple[str, str], version: int) -> list[Event]:
        """Return the events of a kind after a version. Raises StatusError 410 if they are no longer kept."""
        with self.lock:
            if version < self._oldest:
                raise expired(f"too old resource version: {version} ({self._oldest})")
            return [event for event in self._events if event.version > version and event.key == key]

    def compact(self) -> None:
        """Forget all events, as etcd does after some minutes: earlier lists cannot be read any more."""
        with self.lock:
            self._events.clear()
            self._oldest, self._is_compacted = self.version, True

    def list_at(self, resource: Resource, namespace: str, version: int) -> list[Object]:
        """Return the objects as they were in a version. Raises StatusError 410 if its events are no longer kept."""
        with self.lock:
            if version < self._oldest or (version == self._oldest and self._is_compacted):
                raise expired(_OLD_VERSION)
            stored = dict(self._objects.get(resource.key, {}))
            for event in reversed(self._events):
                if event.version <= version:
                    break
                if event.key != resource.key:
                    continue
                place = event.item["metadata"].get("namespace", ""), event.item["metadata"]["name"]
                if event.previous is None:
                    stored.pop(place, None)
                else:
                    stored[place] = event.previous
        return [item for (place, _), item in sorted(stored.items()) if not namespace or place == namespace]

    def _notify(self, event: Event) -> None:
        if len(self._events) == self._events.maxlen:
            self._oldest = self._events[0].version
        self._events.append(event)
        self.changed.notify_all()
        for listener in self.listeners:
            listener(event)
