"""One object of a release in its cluster: the live object, and a dry run of its apply."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from envctl.adapters.kubernetes.api import ApiRefusal, Cause
from envctl.adapters.kubernetes.refusals import CONFLICT, FORBIDDEN, INVALID, NOT_FOUND, UNAUTHORIZED
from envctl.adapters.kubernetes.stack.scene import Scene
from envctl.domain.errors import OperationFailedError
from envctl.domain.kubernetes.fields import noise, ownership, prediction
from envctl.domain.kubernetes.fields.paths import Path
from envctl.domain.kubernetes.inventory import Inventory
from envctl.domain.kubernetes.objects import (
    CRD_TYPE,
    NAMESPACE,
    Manifest,
    ObjectIdentity,
    clean_object,
    describe_kind,
    find_owner,
    identify,
    is_being_deleted,
    list_defined_types,
)
from envctl.domain.kubernetes.owner import parse_owner
from envctl.domain.kubernetes.plan import Observation
from envctl.domain.kubernetes.server_words import is_immutable_refusal, list_immutable_fields, shorten_refusal
from envctl.domain.kubernetes.workload import LABEL

_TRIAL_SUFFIX = "-envctl-check"
_MAX_NAME, _ATTEMPTS = 63, 3
# The server refuses a second one under any name: a port of the node, the kind of a definition.
_UNIQUE_BEYOND_NAMES = frozenset({"Service", CRD_TYPE})
_FIELD_CONFLICT = "FieldManagerConflict"
NO_DRY_RUN = (
    "your role may not make a dry run in this cluster: the plan comes from the manifests and the live objects, without"
    " the defaults, the validation and the webhooks of the cluster"
)
KIND_COMES = "its kind comes with this plan: it is checked once that is there"
NAMESPACE_COMES = "its namespace comes with this plan: it is checked once that is there"


@dataclass(frozen=True)
class Surroundings:
    """Kinds, namespaces and free places that the objects of one stack give to each other.

    Attributes:
        types: types of the CustomResourceDefinitions among them.
        namespaces: names of the Namespaces among them.
        inventory: of the stack, before this run.
        find_taken: returns what an object takes from objects that the plan deletes.
    """

    types: Collection[str] = ()
    namespaces: Collection[str] = ()
    inventory: Inventory = field(default_factory=Inventory)
    find_taken: Callable[[Manifest], Mapping[ObjectIdentity, str]] = lambda _: {}

    @classmethod
    def from_objects(
        cls,
        objects: Collection[Manifest],
        inventory: Inventory,
        find_taken: Callable[[Manifest], Mapping[ObjectIdentity, str]] = lambda _: {},
    ) -> "Surroundings":
        namespaces = {identify(each).name for each in objects if identify(each).type == NAMESPACE}
        return cls(list_defined_types(tuple(objects)), namespaces, inventory, find_taken)


class Observer:
    """Observes the objects of one stack. `lacks_dry_run` says whether the role may not make a dry run.

    `may_be_gone` is set for a look at drift: an object that is gone, with its namespace or kind, is no error then.
    """

    def __init__(self, scene: Scene, surroundings: Surroundings, *, may_be_gone: bool = False) -> None:
        self._scene = scene
        self._around = surroundings
        self._may_be_gone = may_be_gone
        self.lacks_dry_run = False

    def observe(self, desired: Manifest) -> Observation:
        """Return the observation of the object. Raises OperationFailedError if it can't be applied."""
        try:
            return self._observe_object(desired)
        except ApiRefusal as refusal:
            raise describe_refusal(self._scene, identify(desired), refusal) from None

    def find_noise(self, seen: Observation) -> tuple[Path, ...]:
        """Repeat the dry run of an object, and return the fields that differ. There are none if another program has
        changed the object in between: that is no noise.
        """
        scene, path = self._scene, self._scene.api.find_path(seen.desired)
        if seen.live is None or seen.predicted is None or path is None:
            return ()
        try:
            again = self._complete_prediction(seen, seen.live, self._dry_run(seen.desired, force=True))
            now = scene.api.get(path)
        except ApiRefusal as refusal:
            raise describe_refusal(self._scene, seen.identity, refusal) from None
        if again.predicted is None or now is None or clean_object(now) != clean_object(seen.live):
            return ()
        return noise.find_noise(seen.predicted, again.predicted)

    def _observe_object(self, desired: Manifest) -> Observation:
        scene, identity = self._scene, identify(desired)
        path = scene.api.find_path(desired)
        live = scene.api.get(path) if path else None
        scene.report_refresh(identity)
        if self._may_be_gone and (live is None or is_being_deleted(live)):
            return Observation(desired=desired)
        if path is None:
            return self._observe_unknown_kind(desired)
        if live is None:
            return self._observe_new(desired)
        self._require_ours(identity, live)
        seen = Observation(desired=desired, live=live, adopted_from=self._list_makers(identity, live))
        return self._predict_object(seen, live)

    def _observe_unknown_kind(self, desired: Manifest) -> Observation:
        identity = identify(desired)
        if identity.type in self._around.types:
            return Observation(desired=desired, reason=KIND_COMES)
        message = f"{identity}: the {self._scene.api.name} does not know {describe_kind(desired)}"
        hint = "add its CustomResourceDefinition, or put it into a stack before; or correct apiVersion and kind"
        raise self._scene.build_error("E640", message, hint, identity)

    def _observe_new(self, desired: Manifest) -> Observation:
        identity = identify(desired)
        try:
            self._dry_run(desired, force=True)
        except ApiRefusal as refusal:
            if refusal.code == FORBIDDEN and refusal.permission is not None:
                self.lacks_dry_run = True
                return Observation(desired=desired)
            if refusal.code != NOT_FOUND:
                return self._await_deletion(desired, refusal)
            # Its API may have gone away since the cluster was first asked for its kinds.
            self._scene.api.rediscover()
            if self._scene.api.find_path(desired) is None:
                return self._observe_unknown_kind(desired)
            if identity.namespace in self._around.namespaces:
                return Observation(desired=desired, reason=NAMESPACE_COMES)
            raise self._describe_missing_namespace(identity, refusal) from None
        return Observation(desired=desired)

    def _await_deletion(self, desired: Manifest, refusal: ApiRefusal) -> Observation:
        """Return the observation of an object that can come once another one is gone, or raise the refusal."""
        taken = self._around.find_taken(desired)
        if not taken:
            raise describe_refusal(self._scene, identify(desired), refusal) from None
        holder, claim = next(iter(taken.items()))
        reason = f"it takes {claim} from {holder}: it is checked once that is gone"
        return Observation(desired=desired, reason=reason, awaits_deletion=True)

    def _predict_object(self, seen: Observation, live: Manifest) -> Observation:
        try:
            try:
                predicted = self._dry_run(seen.desired, force=False)
            except ApiRefusal as refusal:
                if not is_field_conflict(refusal):
                    raise
                owners = ownership.parse_conflicts(_to_pairs(refusal.causes))
                # What an earlier tool owns becomes envctl's with the adoption, as a whole.
                kept = tuple(owner for owner in owners if owner.manager not in seen.adopted_from)
                seen = replace(seen, takeovers=kept)
                predicted = self._dry_run(seen.desired, force=True)
        except ApiRefusal as refusal:
            return self._answer_refusal(seen, live, refusal)
        return self._complete_prediction(seen, live, predicted)

    def _complete_prediction(self, seen: Observation, live: Manifest, predicted: Any) -> Observation:  # noqa: ANN401
        """Return the observation with the object as it is after its adoption, if there is one.

        An adoption lets fields go that earlier tools have set. Many of them are defaults, which the server sets again:
        a dry run of an update shows them.
        """
        manager = self._scene.workload.manager
        dropped = ownership.list_dropped_fields(live, seen.desired, manager) if seen.adopted_from else ()
        if not dropped:
            return replace(seen, predicted=predicted)
        rest = prediction.remove_dropped_fields(predicted, live, seen.desired, manager)
        path = self._scene.api.find_path(seen.desired)
        try:
            operations = prediction.list_replacements(live, rest)
            updated = self._scene.api.patch_json(path, operations, manager=manager, dry_run=True) if path else rest
        except ApiRefusal:
            # A field that can't be without a value stays as it is.
            updated = predicted
        return replace(seen, predicted=updated)

    def _answer_refusal(self, seen: Observation, live: Manifest, refusal: ApiRefusal) -> Observation:
        if refusal.code == FORBIDDEN and refusal.permission is not None:
            self.lacks_dry_run = True
            return replace(seen, predicted=prediction.predict_apply(live, seen.desired, self._scene.workload.manager))
        if refusal.code == INVALID:
            causes = _to_pairs(refusal.causes)
            if is_immutable_refusal(refusal.message, causes):
                self._require_valid_alone(seen.desired)
                return replace(seen, replaced=list_immutable_fields(causes), reason="a field can't be changed in place")
            if self._try_alone(seen.desired) is None:
                why = self._scene.redact(shorten_refusal(refusal.message))
                return replace(seen, reason=f"the live object was changed, and can't be updated: {why}")
        raise describe_refusal(self._scene, seen.identity, refusal)

    def _require_valid_alone(self, desired: Manifest) -> None:
        """Raise OperationFailedError if the object could not be created again after its deletion."""
        refusal = None if identify(desired).type in _UNIQUE_BEYOND_NAMES else self._try_alone(desired)
        if refusal is not None and refusal.code == INVALID:
            raise describe_refusal(self._scene, identify(desired), refusal)

    def _try_alone(self, desired: Manifest) -> ApiRefusal | None:
        """Return the refusal of a new object like this one under another name. If there is none, and the object is
        refused, the live one is what is wrong.
        """
        metadata = desired["metadata"]
        trial = {**metadata, "name": f"{metadata['name'][: _MAX_NAME - len(_TRIAL_SUFFIX)]}{_TRIAL_SUFFIX}"}
        try:
            self._dry_run({**desired, "metadata": trial}, force=True)
        except ApiRefusal as refusal:
            return refusal
        return None

    def _require_ours(self, identity: ObjectIdentity, live: Manifest) -> None:
        scene = self._scene
        if deployer := ownership.find_other_deployer(live):
            message = f"{identity} is deployed by {deployer}: two would undo each other's changes"
            hint = f"take it out of {deployer} first, or out of this stack"
            raise scene.build_error("E643", message, hint, identity)
        owner = find_owner(live)
        if owner and owner != scene.workload.owner:
            raise scene.build_error("E643", *_describe_owner(scene, identity, owner), identity)
        if is_being_deleted(live):
            waits = ", ".join(map(str, live["metadata"].get("finalizers") or ()))
            message = f"{identity} is being deleted{f', and waits for {waits}' if waits else ''}"
            raise scene.build_error("E645", message, "wait until it is gone, then plan again", identity)

    def _list_makers(self, identity: ObjectIdentity, live: Manifest) -> tuple[str, ...]:
        """Return the makers of an object to adopt; empty for an object of this stack."""
        if identity in self._around.inventory.objects or find_owner(live) == self._scene.workload.owner:
            return ()
        tools = ownership.list_earlier_tools(live, self._scene.workload.manager)
        return tools or ownership.list_managers(live) or ("the cluster",)

    def _dry_run(self, desired: Manifest, *, force: bool) -> dict[str, Any]:
        manager = self._scene.workload.manager
        for _ in range(_ATTEMPTS):
            try:
                return self._scene.api.apply(desired, manager=manager, force=force, dry_run=True)
            except ApiRefusal as refusal:
                # A controller writes at the same time.
                if refusal.code != CONFLICT or is_field_conflict(refusal):
                    raise
        return self._scene.api.apply(desired, manager=manager, force=force, dry_run=True)

    def _describe_missing_namespace(self, identity: ObjectIdentity, refusal: ApiRefusal) -> OperationFailedError:
        if f'namespaces "{identity.namespace}" not found' not in refusal.message:
            return describe_refusal(self._scene, identity, refusal)
        message = f"{identity}: the {self._scene.api.name} has no namespace {identity.namespace}"
        hint = "add a Namespace to the stack, or to a stack before it"
        return self._scene.build_error("E641", message, hint, identity)


def _describe_owner(scene: Scene, identity: ObjectIdentity, owner: str) -> tuple[str, str]:
    """Return the message and the hint for an object that has another owner."""
    other, own = parse_owner(owner), parse_owner(scene.workload.owner)
    if other and own and (other.project, other.stack) == (own.project, own.stack):
        message = f"{identity} belongs to {other.stack} of the environment {other.environment} ({LABEL}={owner})"
        hint = "give each environment a cluster of its own, or give the object another name in each environment"
        return message, hint
    message = f"{identity} belongs to another stack of envctl ({LABEL}={owner})"
    return message, "remove it from one of them; if the other stack is gone, remove the label from the object"


def describe_refusal(scene: Scene, identity: ObjectIdentity, refusal: ApiRefusal) -> OperationFailedError:
    """Return the error for an object that the cluster refuses, in its words."""
    problem = refusal.problems[0]
    if refusal.permission is not None or refusal.code == UNAUTHORIZED:
        return scene.build_error(problem.code, f"{identity}: {problem.message}", problem.hint, identity)
    message = f"{identity}: the {scene.api.name} refuses it: {shorten_refusal(refusal.message)}"
    return scene.build_error("E642", message, _suggest_correction(refusal), identity)


def _suggest_correction(refusal: ApiRefusal) -> str:
    if "exceeded quota" in refusal.message:
        return "raise the ResourceQuota of the namespace, or ask for less"
    if "violates PodSecurity" in refusal.message:
        return "make the pods fit the Pod Security level of the namespace, or change its label"
    if "admission webhook" in refusal.message or "ValidatingAdmissionPolicy" in refusal.message:
        return "a policy of the cluster says so: change the object, or the policy"
    if "being terminated" in refusal.message:
        return "wait until the namespace is gone, then plan again"
    if refusal.code == CONFLICT:
        return "another program changes the object at the same time: try again"
    return "correct the manifest"


def is_field_conflict(refusal: ApiRefusal) -> bool:
    """Check if other managers own fields of the object. A 409 of another kind has no such causes."""
    return refusal.code == CONFLICT and any(cause.reason == _FIELD_CONFLICT for cause in refusal.causes)


def _to_pairs(causes: tuple[Cause, ...]) -> list[tuple[str, str]]:
    return [(cause.field, cause.message) for cause in causes]
