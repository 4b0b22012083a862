"""Writes whose object changes while webhooks are called, without the lock of the store, are decided again.

Source: k8s.io/apiserver v0.36.2, pkg/storage/etcd3/store.go (GuaranteedUpdate), which does the same without a lock.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from kube_api_emulator.server.resources import Object, Place
from kube_api_emulator.server.status_errors import stale_version
from kube_api_emulator.server.store import ObjectStore

_ATTEMPTS = 5


class _Writer(Protocol):
    store: ObjectStore


P = ParamSpec("P")
T = TypeVar("T")
W = TypeVar("W", bound=_Writer)


class _OutdatedError(Exception):
    def __init__(self, place: Place) -> None:
        super().__init__(place.name)
        self.place = place


def decide_again(write: Callable[Concatenate[W, P], T]) -> Callable[Concatenate[W, P], T]:
    """Do a write with the lock of the store, and again if its object is outdated. Raises StatusError 409 at last."""

    @wraps(write)
    def repeat(writer: W, /, *arguments: P.args, **options: P.kwargs) -> T:
        with writer.store.lock:
            for _ in range(_ATTEMPTS):
                try:
                    return write(writer, *arguments, **options)
                except _OutdatedError as error:
                    place = error.place
        raise stale_version(place.resource, place.name)

    return repeat


def check_current(store: ObjectStore, place: Place, live: Object | None) -> None:
    """Check that no other write came before this one, during calls of webhooks. The write is decided again if so."""
    found = store.find(place)
    before, now = (item and item["metadata"]["resourceVersion"] for item in (live, found))
    if before != now:
        raise _OutdatedError(place)
