"""Observation of all objects of a release. Where the server would write what the release does not have, the dry run is
repeated: a field that differs then is noise of the server.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from envctl.adapters.kubernetes.stack.observing import Observer
from envctl.adapters.kubernetes.stack.scene import Scene
from envctl.domain.kubernetes.fields.noise import has_clock, list_unexplained
from envctl.domain.kubernetes.fields.paths import format_path
from envctl.domain.kubernetes.objects import Manifest
from envctl.domain.kubernetes.plan import Observation
from envctl.domain.text.lists import join_first

_NEXT_SECOND = 1.05
MAX_NAMED = 3


def observe_objects(scene: Scene, observer: Observer, desired: Sequence[Manifest]) -> list[Observation]:
    """Return the observations of the objects, with the noise of the server."""
    seen = scene.run_each(observer.observe, desired)
    unexplained = {
        each.identity: (each, found)
        for each in seen
        if each.live is not None
        and each.predicted is not None
        and (found := list_unexplained(each.live, each.predicted, each.desired))
    }
    if not unexplained:
        return seen
    if any(has_clock(found) for _, found in unexplained.values()):
        scene.pause(_NEXT_SECOND)
    repeated = scene.run_each(observer.find_noise, [each for each, _ in unexplained.values()])
    noise = dict(zip(unexplained, repeated, strict=True))
    return [replace(each, noise=noise.get(each.identity, ())) for each in seen]


def describe_noise(seen: Iterable[Observation]) -> tuple[str, ...]:
    """Return a warning for each object with fields that are left out."""
    return tuple(
        f"{each.identity}: the cluster writes {join_first([format_path(path) for path in each.noise], MAX_NAMED)} anew"
        " at each request: left out of the plan"
        for each in seen
        if each.noise
    )
