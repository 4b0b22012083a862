"""Waiting: until objects work, and until they are gone. What the pods say is part of the message."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from envctl.adapters.kubernetes.stack.scene import Scene, combine_errors, to_reference
from envctl.domain.errors import OperationFailedError
from envctl.domain.kubernetes.conditions import Readiness
from envctl.domain.kubernetes.objects import JOB, VOLUME_CLAIM, Manifest, ObjectIdentity
from envctl.domain.kubernetes.readiness import (
    POD_OWNERS,
    check_readiness,
    describe_deletion,
    describe_pods,
    format_selector,
)
from envctl.domain.plan.changes import Action
from envctl.domain.text.durations import format_duration

_FIRST_PAUSE, _LONGEST_PAUSE, _TOLD_EVERY = 0.1, 2.0, 10.0
MAX_SAID = 3
# The cluster can't be reached, does not answer in time, throttles or fails: it may come back within the time.
_PASSING = frozenset({"E620", "E622", "E625"})
_GONE = Readiness("failed", "it is not there")


@dataclass(frozen=True)
class State:
    """An object while it is waited for.

    Attributes:
        live: its live form, if it is there.
        failure: the error of a cluster that did not answer; None if it did.
    """

    identity: ObjectIdentity
    readiness: Readiness
    live: Manifest | None = None
    failure: OperationFailedError | None = None


def await_ready(scene: Scene, objects: Mapping[ObjectIdentity, str], seconds: float) -> None:
    """Wait until all objects are ready; each has its API's version. Raises OperationFailedError with the others."""
    began = time.monotonic()

    def check_object(identity: ObjectIdentity) -> State:
        live = scene.api.get(to_reference(identity, objects[identity]))
        # A Job may be deleted some time after its end.
        gone = Readiness("ready") if identity.type == JOB else _GONE
        if live is None:
            return State(identity, gone)
        return State(identity, _check_claim(scene, identity, live) or check_readiness(live), live)

    left = _poll_states(scene, sorted(objects), check_object, seconds, began)
    if left:
        raise combine_errors([_describe_unready(scene, each, seconds) for each in left])


def await_gone(scene: Scene, objects: Mapping[ObjectIdentity, str], uids: Mapping[ObjectIdentity, str]) -> None:
    """Wait until the objects with these uids are gone. Raises OperationFailedError with the reasons of the others."""
    began = time.monotonic()

    def check_object(identity: ObjectIdentity) -> State:
        live = scene.api.get(to_reference(identity, objects[identity]))
        if live is None or live["metadata"].get("uid") != uids[identity]:
            return State(identity, Readiness("ready"))
        return State(identity, Readiness("waiting", describe_deletion(live)), live)

    left = _poll_states(scene, sorted(objects), check_object, scene.workload.wait, began)
    if left:
        raise combine_errors([_describe_undeleted(scene, each) for each in left])


def _poll_states(
    scene: Scene,
    waiting: Sequence[ObjectIdentity],
    check_object: Callable[[ObjectIdentity], State],
    seconds: float,
    began: float,
) -> list[State]:
    """Check until all are ready, one has failed, or the time is over. Return the unready ones. Raises
    OperationFailedError if the cluster does not answer at the end.
    """
    pause, told = _FIRST_PAUSE, began

    def try_object(identity: ObjectIdentity) -> State:
        try:
            return check_object(identity)
        except OperationFailedError as error:
            if error.problems[0].code not in _PASSING:
                raise
            return State(identity, Readiness("waiting", error.problems[0].message), failure=error)

    while True:
        states = [each for each in scene.run_each(try_object, waiting) if each.readiness.phase != "ready"]
        waiting = [each.identity for each in states]
        is_over = time.monotonic() - began >= seconds
        failures = [each.failure for each in states if each.failure]
        if is_over and failures:
            raise combine_errors(failures)
        if not states or is_over or any(each.readiness.phase == "failed" for each in states):
            return states
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            _report_states(scene, states, began)
        scene.pause(min(pause, max(seconds - (time.monotonic() - began), 0.01)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def _report_states(scene: Scene, states: Sequence[State], began: float) -> None:
    first = states[0]
    said = _list_said(scene, first)
    more = f"; and {len(states) - 1} more" if len(states) > 1 else ""
    why = "; ".join((first.readiness.why, *said[:1]))
    scene.observer.on_message(scene.redact(f"{scene.stack}: waiting for {first.identity}: {why}{more}"))
    for each in states:
        scene.report("still", each.identity, Action.UPDATE, began)


def _describe_unready(scene: Scene, state: State, seconds: float) -> OperationFailedError:
    said = _list_said(scene, state)
    when = "" if state.readiness.phase == "failed" else f" after {format_duration(timedelta(seconds=seconds))}"
    message = f"{state.identity} is not ready{when}: {state.readiness.why.rstrip('.')}"
    if said:
        message = f"{message.rstrip('.')}. Its pods say: {'; '.join(said[:MAX_SAID])}"
    hint = "correct it, and deploy again; or give it more time: `wait` in the table of its stack"
    return scene.build_error("E660", message, hint, state.identity)


def _describe_undeleted(scene: Scene, state: State) -> OperationFailedError:
    waited = format_duration(timedelta(seconds=scene.workload.wait))
    message = f"{state.identity} is not gone after {waited}: {state.readiness.why}"
    hint = "its controller has to finish, or the finalizer has to be removed by hand; then try again"
    return scene.build_error("E647", message, hint, state.identity)


def _list_said(scene: Scene, state: State) -> tuple[str, ...]:
    """Return what the pods of a workload say, or else the warnings of the cluster about it."""
    if state.live is None or state.identity.type not in {*POD_OWNERS, "Pod"}:
        return ()
    try:
        pods = [state.live] if state.identity.type == "Pod" else _list_pods(scene, state.live)
        return describe_pods(pods) or _list_warnings(scene, state.identity)
    except OperationFailedError:
        # It is an addition to another message: a role may not read pods.
        return ()


def _list_pods(scene: Scene, live: Manifest) -> list[dict[str, Any]]:
    resource, selector = scene.api.find_resource("v1", "Pod"), format_selector(live)
    if resource is None or not selector:
        return []
    return scene.api.list_objects(resource, live["metadata"]["namespace"], selector)


def _check_claim(scene: Scene, identity: ObjectIdentity, live: Manifest) -> Readiness | None:
    """Return why a claim waits, if its last event is a warning. Without one it may wait for its first pod: ready."""
    if identity.type != VOLUME_CLAIM or (live.get("status") or {}).get("phase") != "Pending":
        return None
    try:
        events = _list_events(scene, identity)
    except OperationFailedError:
        # A role may not read events.
        return None
    if not events or events[0].get("type") != "Warning":
        return None
    return Readiness("waiting", f"it is not bound: {_describe_event(events[0])}")


def _list_warnings(scene: Scene, identity: ObjectIdentity) -> tuple[str, ...]:
    events = _list_events(scene, identity, ",type=Warning")
    return tuple(dict.fromkeys(_describe_event(each) for each in events))


def _list_events(scene: Scene, identity: ObjectIdentity, more: str = "") -> list[dict[str, Any]]:
    """Return the events of an object, the newest first."""
    resource = scene.api.find_resource("v1", "Event")
    if resource is None:
        return []
    fields = f"involvedObject.name={identity.name},involvedObject.kind={identity.kind}{more}"
    events = scene.api.list_objects(resource, identity.namespace, field_selector=fields)
    return sorted(events, key=lambda each: str(each.get("lastTimestamp") or each.get("eventTime") or ""), reverse=True)


def _describe_event(event: Manifest) -> str:
    return f"{event.get('reason')}: {event.get('message')}"
