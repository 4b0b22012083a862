"""The change of one object, from the live object and from what an apply would make of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from envctl.domain.kubernetes.fields.differences import Difference, find_differences, list_fields
from envctl.domain.kubernetes.fields.noise import settle_live, settle_prediction
from envctl.domain.kubernetes.fields.ownership import FieldOwner, ForeignField
from envctl.domain.kubernetes.fields.paths import Path, encode_field, format_path
from envctl.domain.kubernetes.objects import Manifest, ObjectIdentity, clean_object, identify
from envctl.domain.kubernetes.secret_values import ValueHider
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange
from envctl.domain.plan.fingerprint import plan_value
from envctl.domain.text.lists import join_names

# Keys of a fingerprint beside the paths of values; these begin with a bracket.
TAKES_OVER, ADOPTED = "takes over", "adopted from"


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What is known of one object of a release."""

    desired: Manifest  # the object of the release
    live: Manifest | None = None  # the object in the cluster; None if it is not there
    # The object as an apply would leave it; None if it is not there, or is to be replaced.
    predicted: Manifest | None = None
    takeovers: tuple[FieldOwner, ...] = ()  # fields of other managers that the apply takes over
    adopted_from: tuple[str, ...] = ()  # managers that made the object before envctl; empty for an object of this stack
    replaced: tuple[str, ...] = ()  # fields that never change, and are to change; empty for no replacement
    reason: str = ""  # why it is replaced, or why it is planned from the manifest alone
    remarks: tuple[str, ...] = ()
    # Fields that the server writes anew at each request. They are compared by the value of the release, or not at all.
    noise: tuple[Path, ...] = ()
    awaits_deletion: bool = False  # whether the cluster refuses the object until another one is deleted

    @property
    def identity(self) -> ObjectIdentity:
        return identify(self.desired)


def plan_change(seen: Observation, hider: ValueHider) -> ResourceChange | None:
    """Return the change of the object; None if an apply changes nothing."""
    if seen.live is None:
        return _plan_creation(seen, hider)
    if seen.predicted is None:
        return _plan_replacement(seen, seen.live, hider)
    differences = list_differences(seen, seen.live, seen.predicted)
    if not (differences or seen.takeovers or seen.adopted_from):
        return None
    planned = {
        encode_field(each.path): hider.plan_value(seen.identity, each.path, each.after, each.before)
        for each in differences
    }
    planned |= {f"{TAKES_OVER} {each.path}": plan_value([each.manager, each.subresource]) for each in seen.takeovers}
    if seen.adopted_from:
        planned[ADOPTED] = plan_value(list(seen.adopted_from))
    return ResourceChange(
        address=str(seen.identity),
        type=seen.identity.type,
        action=Action.IMPORT if seen.adopted_from and not differences else Action.UPDATE,
        attributes=tuple(show_difference(each, seen.identity, hider) for each in differences),
        reason=seen.reason,
        remarks=_list_remarks(seen),
        planned=planned,
    )


def list_differences(seen: Observation, live: Manifest, predicted: Manifest) -> tuple[Difference, ...]:
    """Return the fields that differ, without the noise of the server."""
    before = settle_live(live, seen.noise, seen.desired)
    return tuple(find_differences(before, settle_prediction(predicted, seen.noise, seen.desired)))


def plan_deletion(identity: ObjectIdentity, reason: str = "", remarks: tuple[str, ...] = ()) -> ResourceChange:
    return ResourceChange(
        address=str(identity), type=identity.type, action=Action.DELETE, reason=reason, remarks=remarks
    )


def show_difference(
    each: Difference, identity: ObjectIdentity, hider: ValueHider, forced: Sequence[str] = ()
) -> AttributeChange:
    path = format_path(each.path)
    is_forcing = any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in forced)
    before, after = (hider.hide_value(identity, each.path, value) for value in (each.before, each.after))
    return AttributeChange(path, before, after, is_forcing)


def show_foreign_field(each: ForeignField, identity: ObjectIdentity, hider: ValueHider) -> AttributeChange:
    """Return a field of another manager as drift: the release does not have it."""
    return AttributeChange(format_path(each.path), None, hider.hide_value(identity, each.path, each.value))


def _list_remarks(seen: Observation) -> tuple[str, ...]:
    makers = join_names([f'"{each}"' for each in seen.adopted_from])
    adopted = (f"adopts what {makers} made",) if makers else ()
    return (*adopted, *(f"takes over {each.path} from {each.manager_text}" for each in seen.takeovers), *seen.remarks)


def _plan_creation(seen: Observation, hider: ValueHider) -> ResourceChange:
    desired = clean_object(seen.desired)
    # Tools write `creationTimestamp: null` into templates of pods.
    fields = tuple((path, value) for path, value in list_fields(desired) if value is not None)
    return ResourceChange(
        address=str(seen.identity),
        type=seen.identity.type,
        action=Action.CREATE,
        attributes=tuple(
            _show_new_field(path, value, seen.identity, hider) for path, value in fields if not _is_identity(path)
        ),
        reason=seen.reason,
        remarks=seen.remarks,
        # By what is applied, and not by the defaults of the server: an upgrade of the cluster voids no approval.
        planned={encode_field(path): hider.plan_value(seen.identity, path, value) for path, value in fields},
    )


def _plan_replacement(seen: Observation, live: Manifest, hider: ValueHider) -> ResourceChange:
    """Return the replacement, by the manifest: the server predicts no object that it would refuse."""
    desired = clean_object(seen.desired)
    told = [each for each in find_differences(clean_object(live), desired) if each.after is not None]
    planned = {encode_field(path): hider.plan_value(seen.identity, path, value) for path, value in list_fields(desired)}
    return ResourceChange(
        address=str(seen.identity),
        type=seen.identity.type,
        action=Action.REPLACE,
        attributes=tuple(show_difference(each, seen.identity, hider, seen.replaced) for each in told),
        reason=seen.reason,
        remarks=_list_remarks(seen),
        planned=planned,
    )


def _show_new_field(path: Path, value: object, identity: ObjectIdentity, hider: ValueHider) -> AttributeChange:
    shown = hider.hide_value(identity, path, value)
    return AttributeChange(format_path(path), None, Marker.SENSITIVE if shown is not value else value)


def _is_identity(path: Path) -> bool:
    return path in (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
