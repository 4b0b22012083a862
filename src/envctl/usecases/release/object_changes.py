"""The Kubernetes objects of two releases in two environments, rendered and compared without a cluster."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from envctl.domain.errors import ConfigurationError, InterruptedByUserError, OperationFailedError
from envctl.domain.kubernetes.comparison import ObjectSide, compare_sides
from envctl.domain.kubernetes.secret_values import ValueHider
from envctl.domain.plan.changes import ResourceChange
from envctl.domain.release.bundle import Release
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.text.leaves import walk_leaves
from envctl.usecases.ports.context import Context
from envctl.usecases.project.manifests import StackManifests, render_manifests

_KEY_BYTES = 32


@dataclass(frozen=True)
class StackObjects:
    """The objects of one stack that differ."""

    stack: str
    # from the first side to the second one. Values of Secrets are told apart, and not shown.
    changes: tuple[ResourceChange, ...] = ()
    problem: str = ""  # why they could not be compared; empty if they were


@dataclass(frozen=True)
class ObjectChanges:
    """Objects of two environments, each with its release and settings. Other stacks' outputs are the examples."""

    before: str  # environment
    after: str  # environment
    stacks: tuple[StackObjects, ...]


@dataclass(frozen=True)
class RenderedSide:
    """A release and the settings of an environment."""

    context: Context
    release: Release
    settings: EnvironmentSettings

    @property
    def environment(self) -> str:
        return self.settings.environment


def compare_objects(before: RenderedSide, after: RenderedSide) -> ObjectChanges:
    """Compare the objects of all stacks. A stack that can't be rendered has a problem, and stops no other one."""
    hidden = frozenset(text for side in (before, after) for text in _list_sensitive(side.settings))
    hider = ValueHider(secrets.token_bytes(_KEY_BYTES), hidden)
    stacks = dict.fromkeys((*before.release.wiring.object_stacks, *after.release.wiring.object_stacks))
    return ObjectChanges(
        before.environment, after.environment, tuple(_compare_stack(before, after, name, hider) for name in stacks)
    )


def _compare_stack(before: RenderedSide, after: RenderedSide, stack: str, hider: ValueHider) -> StackObjects:
    sides = []
    for side in (before, after):
        try:
            found = _render(side, stack)
        except InterruptedByUserError:
            raise
        except (ConfigurationError, OperationFailedError) as error:
            first = error.problems[0]
            place = f" ({first.location})" if first.location else ""
            return StackObjects(stack, problem=f"{side.environment}: {first.message.partition(chr(10))[0]}{place}")
        if found is not None and not found.is_rendered:
            return StackObjects(stack, problem=f"{side.environment}: {found.rendered.notes[0]}")
        sides.append(ObjectSide(found.rendered.objects, found.namespace) if found else ObjectSide((), ""))
    return StackObjects(stack, compare_sides(sides[0], sides[1], hider))


def _render(side: RenderedSide, stack: str) -> StackManifests | None:
    """Return the objects of a stack; None if the release does not have it."""
    wired = side.release.wiring.stacks.get(stack)
    if wired is None or wired.kubernetes is None:
        return None
    (found,) = render_manifests(side.context, side.release, side.settings, (stack,))
    return found


def _list_sensitive(settings: EnvironmentSettings) -> Iterator[str]:
    """Yield the texts of sensitive settings: an object may hold them as well."""
    for each in settings.settings:
        if each.sensitive:
            yield from (leaf for leaf in walk_leaves(each.value) if isinstance(leaf, str))
