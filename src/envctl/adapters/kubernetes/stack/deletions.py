"""Objects that a release no longer has: some are deleted, and some stay.

Most of them are deleted after the rollout of the others is ready: until then, old pods need their configuration. An
object that holds what a new one takes is deleted first. A rule of the cluster, such as a webhook or a quota, is deleted
before the waiting: the new pods may wait for that.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from envctl.adapters.kubernetes.api import ApiRefusal
from envctl.adapters.kubernetes.stack.observing import describe_refusal
from envctl.adapters.kubernetes.stack.scene import Scene, to_reference
from envctl.domain.kubernetes.claims import find_volume, is_shareable, list_claims
from envctl.domain.kubernetes.inventory import Inventory
from envctl.domain.kubernetes.objects import (
    CRD_TYPE,
    NAMESPACE,
    VOLUME_CLAIM,
    Manifest,
    ObjectIdentity,
    find_owner,
    identify,
    is_being_deleted,
    is_kept,
)
from envctl.domain.kubernetes.order import group_for_deletion
from envctl.domain.kubernetes.plan import Observation, plan_deletion
from envctl.domain.kubernetes.workload import LABEL, PRUNE_ANNOTATION
from envctl.domain.plan.changes import ResourceChange

_REASON = "it is no longer in the code"
_TAKEN_ALONG = {
    NAMESPACE: "everything in it goes too",
    CRD_TYPE: "all objects of its kind go too, of other stacks as well",
    VOLUME_CLAIM: "its data goes too, if its class says so",
}


@dataclass(frozen=True)
class Deletion:
    """An object to delete, as it was seen.

    Attributes:
        taken: what a new object takes from it, as in `node port 30080 (Service/shop/web)`; empty for nothing.
    """

    identity: ObjectIdentity
    live: Manifest
    taken: str = ""

    def plan_change(self, reason: str = "") -> ResourceChange:
        remark = _TAKEN_ALONG.get(self.identity.type)
        return plan_deletion(self.identity, reason, (remark,) if remark else ())

    def plan_removal(self) -> ResourceChange:
        """Return the change for an object that the code no longer has."""
        return self.plan_change(f"{_REASON}; deleted first, for {self.taken}" if self.taken else _REASON)


@dataclass(frozen=True)
class Holders:
    """Removed objects by their claims."""

    by_claim: Mapping[str, ObjectIdentity] = field(default_factory=dict)

    @classmethod
    def from_deletions(cls, deletions: Iterable[Deletion]) -> "Holders":
        return cls({claim: each.identity for each in deletions for claim in sorted(list_claims(each.live))})

    def find_taken(self, desired: Manifest) -> dict[ObjectIdentity, str]:
        """Return the removed objects that hold a claim of this one, each with the claim."""
        return {self.by_claim[claim]: claim for claim in sorted(list_claims(desired)) if claim in self.by_claim}


def find_deletions(
    scene: Scene, inventory: Inventory, wanted: Iterable[ObjectIdentity]
) -> tuple[tuple[Deletion, ...], tuple[str, ...]]:
    """Return unwanted objects of the inventory in the order of their deletion, and warnings about those that stay."""
    kept = frozenset(wanted)
    left = inventory.drop(kept).objects
    found = scene.run_each(lambda identity: _look_for_deletion(scene, identity, left[identity], kept), sorted(left))
    by_identity = {each.identity: each for each in found if isinstance(each, Deletion)}
    steps = group_for_deletion(by_identity)
    warnings = tuple(each for each in found if isinstance(each, str) and each)
    return tuple(by_identity[identity] for step in steps for identity in step), warnings


def mark_taken(
    scene: Scene, deletions: Sequence[Deletion], seen: Iterable[Observation], desired: Iterable[Manifest]
) -> tuple[Deletion, ...]:
    """Return the deletions, with what new objects take from them: what the cluster refused for that, and volumes."""
    holders, taken = Holders.from_deletions(deletions), dict[ObjectIdentity, str]()
    volumes = {identify(each): each for each in desired}
    for each in seen:
        if each.live is not None:
            continue
        for identity, claim in holders.find_taken(each.desired).items():
            if each.awaits_deletion or _is_exclusive_volume(scene, claim, volumes):
                taken.setdefault(identity, f"{claim} ({each.identity})")
    return tuple(Deletion(each.identity, each.live, taken.get(each.identity, "")) for each in deletions)


def _is_exclusive_volume(scene: Scene, claim: str, desired: Mapping[ObjectIdentity, Manifest]) -> bool:
    place = find_volume(claim)
    if place is None:
        return False
    identity = ObjectIdentity("", VOLUME_CLAIM, *place)
    volume = scene.api.get(to_reference(identity, "v1")) or desired.get(identity)
    return volume is not None and not is_shareable(volume)


def _look_for_deletion(
    scene: Scene, identity: ObjectIdentity, api_version: str, wanted: Collection[ObjectIdentity]
) -> Deletion | str:
    """Return the object to delete, or a warning that it stays; empty if it is gone."""
    try:
        live = scene.api.get(to_reference(identity, api_version))
    except ApiRefusal as refusal:
        raise describe_refusal(scene, identity, refusal) from None
    if live is None or is_being_deleted(live):
        return ""
    if (owner := find_owner(live)) != scene.workload.owner:
        label = f"its label is {LABEL}={owner}" if owner else f"it has no label {LABEL}"
        return f"{identity} is no longer in {scene.stack}, and stays: {label}"
    if is_kept(live):
        return f'{identity} is no longer in {scene.stack}, and stays: it has {PRUNE_ANNOTATION} = "false"'
    if need := _find_need(live, wanted, scene.workload.namespace):
        return f"{identity} is no longer in {scene.stack}, and stays: the release has {need}, which would go with it"
    return Deletion(identity, live)


def _find_need(live: Manifest, wanted: Collection[ObjectIdentity], home: str) -> str:
    """Return what the release still has in a namespace, or of a kind; empty if all of it leaves, or none is wanted."""
    identity = identify(live)
    if identity.type == NAMESPACE:
        inside = sorted(each for each in wanted if each.namespace == identity.name)
        return str(inside[0]) if inside else "the inventory of the stack" if wanted and identity.name == home else ""
    if identity.type == CRD_TYPE:
        kind = f"{live['spec']['names']['kind']}.{live['spec']['group']}"
        return next((str(each) for each in sorted(wanted) if each.type == kind), "")
    return ""
