"""The objects of one cluster, and all operations on them."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.server.admission.chain import AdmissionChain
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.conversion import is_stored, to_stored, to_version
from kube_api_emulator.server.deletion import (
    ORPHAN,
    choose_policy,
    list_deletion_finalizers,
    mark_definition,
    preview_delete,
)
from kube_api_emulator.server.identity.users import CONTROLLER, User
from kube_api_emulator.server.metadata import (
    check_config,
    check_custom_kind,
    check_identity,
    check_preconditions,
    check_update,
    drop_double_owners,
    has_same_spec,
    is_same,
    keep_fixed_parts,
    prepare_new,
    refuse_nameless,
)
from kube_api_emulator.server.repeated_writes import check_current, decide_again
from kube_api_emulator.server.resources import Object, Place, Resource, ResourceRegistry, locate
from kube_api_emulator.server.rules.content_errors import (
    ContentError,
    check_patched_kind,
    refuse_patched,
    show_patched,
)
from kube_api_emulator.server.rules.gated_fields import drop_gated_fields, has_gated_fields
from kube_api_emulator.server.rules.go.json_types import format_go
from kube_api_emulator.server.rules.schema_rules import SchemaRules, format_time
from kube_api_emulator.server.rules.warnings.kinds import list_warnings
from kube_api_emulator.server.status_errors import StatusError, already_exists, forbidden, not_found
from kube_api_emulator.server.store import ObjectStore
from kube_api_emulator.versions import RULES_VERSION

_DEFINITIONS = ("apiextensions.k8s.io", "v1", "customresourcedefinitions")
# Other objects are stored as protobuf, which does not tell an empty list from none.
_STORED_AS_JSON = ("apiextensions.k8s.io", "apiregistration.k8s.io")
_PODS, _SERVICES = ("", "pods"), ("", "services")
_FIRST_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

Admission = Callable[[Resource, Object, Object | None], None]
"""A webhook in this process: it changes the object in place, or raises StatusError. It also gets the live object."""


@dataclass(frozen=True)
class WriteOptions:
    """How to write.

    Attributes:
        manager: the owner of what changes.
        field_validation: `Strict` refuses unknown fields, `Warn` warns, `Ignore` does neither.
        part: the subresource that is written; empty for the object itself.
        force: take over fields of others in a server-side apply.
        user: the user of the request.
        calls_webhooks: not for what the server itself writes inside of another write.
    """

    manager: str
    is_dry_run: bool = False
    field_validation: str = "Warn"
    part: str = ""
    force: bool = False
    user: User = CONTROLLER
    calls_webhooks: bool = True


@dataclass(frozen=True)
class Patch:
    """A patch of a `json`, `merge` or `strategic` kind, and its body."""

    kind: str
    body: object


@dataclass(frozen=True)
class Written:
    """An object after a write."""

    item: Object
    is_new: bool = False
    warnings: tuple[str, ...] = ()


@contextmanager
def keep_warnings(warnings: list[str]) -> Iterator[None]:
    """Add the warnings so far to a refusal."""
    try:
        yield
    except (StatusError, ContentError) as refusal:
        refusal.warnings = tuple(warnings)
        raise


def _refuse_unversioned(place: Place, patched: Object, options: WriteOptions) -> StatusError:
    """Return the refusal of an object whose version a patch removes: the server knows none of its fields then."""
    refusal = refuse_nameless(place)
    if options.field_validation == "Warn":
        unknown = sorted(name for name in patched if name not in ("apiVersion", "kind"))
        refusal.warnings = tuple(f'unknown field "{name}"' for name in unknown)
    return refusal


def _drop_gated(item: Object) -> Object:
    """Return an object without the fields of features that are off."""
    if not has_gated_fields(item):
        return item
    kept = copy.deepcopy(item)
    drop_gated_fields(kept)
    return kept


def _copy_owners(tracked: Object, kept: Object) -> None:
    if owners := tracked["metadata"].get("managedFields"):
        kept["metadata"]["managedFields"] = owners


class Cluster:
    """The objects and kinds of one cluster. Objects that it returns must not be changed.

    Attributes:
        version: as in `1.36`.
        rules: for the content of its objects.
        admissions: webhooks in this process, which run before defaults and validation.
        chain: the admission plugins and the webhooks of configurations, which run after these.
        has_controllers: whether they run. Without them, a custom kind is served as soon as it is defined.
    """

    def __init__(self, version: str = RULES_VERSION) -> None:
        self.version = version
        self.store = ObjectStore()
        self.rules = SchemaRules(load_schemas(version))
        self.resources = ResourceRegistry(self.rules.schemas)
        self.admissions: list[Admission] = []
        self.chain = AdmissionChain()
        self.has_controllers = False
        self._namespaces = self.resources.require("", "v1", "namespaces")
        for name in _FIRST_NAMESPACES:
            self.create(self._namespaces, "", {"metadata": {"name": name}}, WriteOptions("kube-apiserver"))

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, place: Place) -> Object:
        """Return an object. Raises StatusError 404."""
        found = self.store.find(place)
        if found is None:
            raise not_found(place.resource, place.name)
        return to_version(place.resource, found)

    def list_items(self, resource: Resource, namespace: str = "") -> list[Object]:
        """Return the objects of a namespace, or of all, by name."""
        return [to_version(resource, item) for item in self.store.list_items(resource, namespace)]

    def list_dependents(self, owner: Object) -> list[tuple[Resource, Object]]:
        """Return the dependents of an object."""
        uid = owner["metadata"]["uid"]
        return [
            (resource, item)
            for resource in self._list_stored_resources()
            for item in self.store.list_items(resource)
            if any(each.get("uid") == uid for each in item["metadata"].get("ownerReferences") or ())
        ]

    def list_contents(self, namespace: str) -> list[tuple[Resource, Object]]:
        """Return the objects of a namespace."""
        return [
            (resource, item)
            for resource in self._list_stored_resources()
            if resource.is_namespaced
            for item in self.store.list_items(resource, namespace)
        ]

    def set_version(self, version: str) -> None:
        """Go on as another version of Kubernetes, with the same objects."""
        with self.store.lock:
            self.version, self.rules = version, SchemaRules(load_schemas(version))
            self.resources.set_built_in(self.rules.schemas)
            for definition in self.store.list_items(self.resources.require(*_DEFINITIONS)):
                self._define_kind(definition)

    # -- writing -----------------------------------------------------------------------------------------------------

    @decide_again
    def create(self, resource: Resource, namespace: str, body: Object, options: WriteOptions) -> Written:
        sent_as, resource = resource, self._find_stored(resource)
        body = copy.deepcopy(body)
        warnings = self.rules.check_types(sent_as, body, options.field_validation)
        with keep_warnings(warnings):
            body = to_stored(sent_as, body)
            warnings += drop_double_owners(body)
            sent = copy.deepcopy(body)
            check_custom_kind(resource, body)
            item = prepare_new(resource, namespace, body)
            place = locate(resource, item)
            self._check_namespace(place)
            item["metadata"].pop("managedFields", None)
            request = self._ask(resource, None, item, options, sent_as=sent_as, warnings=warnings)
            tracked, item = self._complete(request, options)
            self._track_update(sent_as, None, tracked, options, sent)
            _copy_owners(tracked, item)
            self._admit(replace(request, item=item))
            if found := self.store.find(place):
                is_leaving = bool(found["metadata"].get("deletionTimestamp"))
                raise already_exists(resource, item["metadata"]["name"], is_leaving=is_leaving)
            self._check_namespace(place)
            written = self._commit(resource, None, item, options)
            return Written(to_version(sent_as, written), is_new=True, warnings=tuple(warnings))

    @decide_again
    def update(self, place: Place, body: Object, options: WriteOptions) -> Written:
        return self._update(place, body, options)

    def _update(self, place: Place, body: Object, options: WriteOptions, patch: Patch | None = None) -> Written:
        """Update an object; `patch` is what it comes from, if it is patched."""
        sent_as, resource, is_patch = place.resource, self._find_stored(place.resource), patch is not None
        place = replace(place, resource=resource)
        item = copy.deepcopy(body)
        warnings = self._check_sent(sent_as, item, options, patch)
        with keep_warnings(warnings):
            item = to_stored(sent_as, item)
            if not is_patch:
                check_identity(place, item)
            live = self.get(place)
            check_update(place, item, live, is_patch=is_patch)
            check_custom_kind(resource, item)
            warnings += drop_double_owners(item)
            sent = copy.deepcopy(item)
            keep_fixed_parts(resource, live, item, options.part)
            request = self._ask(resource, live, item, options, sent_as=sent_as, warnings=warnings)
            tracked, item = self._complete(request, options)
            self._track_update(sent_as, live, tracked, options, sent)
            _copy_owners(tracked, item)
            self._admit(replace(request, item=item))
            check_current(self.store, place, live)
            written = self._commit(resource, live, item, options)
            return Written(to_version(sent_as, written), warnings=tuple(warnings))

    @decide_again
    def patch(self, place: Place, kind: str, body: object, options: WriteOptions) -> Written:
        live = self.get(place)
        patched = self.rules.patch(place.resource, live, kind, body)
        if place.resource.is_custom:
            check_identity(place, patched)
        if kind != "strategic":
            check_patched_kind(
                place.resource.group_version, place.resource.kind, patched, is_custom=place.resource.is_custom
            )
            if not place.resource.is_custom and not patched.get("apiVersion"):
                raise _refuse_unversioned(place, patched, options)
        return self._update(place, patched, options, Patch(kind, body))

    @decide_again
    def apply(self, place: Place, config: Object, options: WriteOptions) -> Written:
        """Apply on the side of the server."""
        sent_as, resource = place.resource, self._find_stored(place.resource)
        place = replace(place, resource=resource)
        live = self.store.find(place)
        if options.part and live is None:
            raise not_found(resource, place.name)
        config = copy.deepcopy(config)
        if config.get("metadata") is None and live is None:
            raise refuse_nameless(place)
        before = live and to_version(sent_as, live)
        merged = self.rules.apply(sent_as, before, config, options.manager, options.part, force=options.force)
        check_config(place, config, live)
        merged = to_stored(sent_as, merged)
        live = live and to_version(resource, live)
        if live is None:
            self._check_namespace(place)
            merged = prepare_new(resource, place.namespace, merged)
        else:
            keep_fixed_parts(resource, live, merged, options.part)
        warnings: list[str] = []
        with keep_warnings(warnings):
            request = self._ask(resource, live, merged, options, sent_as=sent_as, warnings=warnings)
            tracked, merged = self._complete(request, options)
            _copy_owners(tracked, merged)
            self._admit(replace(request, item=merged))
        check_current(self.store, place, live)
        if live is None:
            self._check_namespace(place)
        written = self._commit(resource, live, merged, options)
        return Written(to_version(sent_as, written), is_new=live is None, warnings=tuple(warnings))

    @decide_again
    def delete(
        self,
        place: Place,
        options: Mapping[str, Any],
        user: User = CONTROLLER,
        *,
        is_dry_run: bool = False,
        warnings: list[str] | None = None,
    ) -> Object:
        """Delete an object, or mark it as long as finalizers hold it. Returns it, marked only if it is still there.

        Adds to the warnings.
        """
        live = self.get(place)
        check_preconditions(place, live, options.get("preconditions") or {})
        self._admit_delete(place, options, user, [] if warnings is None else warnings, is_dry_run=is_dry_run)
        check_current(self.store, place, live)
        policy = options.get("propagationPolicy") or choose_policy(place.resource)
        finalizers, grace = list_deletion_finalizers(live, policy), options.get("gracePeriodSeconds")
        if is_dry_run:
            return preview_delete(place.resource, live, finalizers, grace)
        if policy == "Orphan":
            return self._delete_owner(place.resource, live, finalizers)
        if finalizers or place.resource.is_namespace:
            return self._mark_deleted(place.resource, live, finalizers)
        if place.resource.is_definition:
            shown = self.store.put(place.resource, mark_definition(live, ()))
            self.remove(place.resource, shown)
            return shown
        if place.resource.key == _PODS:
            # A pod gets its time to end before it goes, if only for a moment.
            live = self.store.put(place.resource, preview_delete(place.resource, live, (), grace))
        return self.remove(place.resource, live)

    def finalize(self, resource: Resource, live: Object, finalizer: str) -> None:
        """Take a finalizer from an object that is being deleted; with the last one the object goes."""
        with self.store.lock:
            item = copy.deepcopy(live)
            rest = [each for each in item["metadata"].pop("finalizers", ()) if each != finalizer]
            if rest:
                item["metadata"]["finalizers"] = rest
                self.store.put(resource, item)
            elif not resource.is_namespace:
                self.remove(resource, item)

    def remove(self, resource: Resource, item: Object) -> Object:
        """Remove an object now."""
        with self.store.lock:
            removed = self.store.remove(resource, item)
            if resource.is_definition:
                self._remove_kind(item)
            return removed

    # -- steps of a write --------------------------------------------------------------------------------------------

    def _check_sent(self, resource: Resource, item: Object, options: WriteOptions, patch: Patch | None) -> list[str]:
        """Check the types of what an update sends. Returns warnings, raises ContentError."""
        is_converted = patch is not None and patch.kind == "strategic"
        try:
            return self.rules.check_types(resource, item, options.field_validation, is_converted=is_converted)
        except ContentError as error:
            if patch is None:
                raise
            shown = format_go(patch.body) if is_converted else show_patched(item)
            raise refuse_patched(shown, error) from None

    def _track_update(
        self, sent_as: Resource, live: Object | None, item: Object, options: WriteOptions, sent: Object
    ) -> None:
        """Write the owners of changed fields into an object, by their names in the version of the request."""
        before = live and to_version(sent_as, live)
        tracked = to_version(sent_as, item)
        self.rules.track_update(sent_as, before, tracked, options.manager, options.part, sent=sent)
        owners = tracked["metadata"].get("managedFields")
        item["metadata"].pop("managedFields", None)
        if owners:
            item["metadata"]["managedFields"] = owners

    def _check_taken(self, resource: Resource, item: Object, live: Object | None, options: WriteOptions) -> None:
        """Check that a Service asks for no address or port of another one. Raises ContentError 422.

        A new Service gets them before the server finds that one of its name is there.
        """
        if resource.key != _SERVICES or options.part:
            return
        place = locate(resource, item)
        others = [each for each in self.store.list_items(resource) if live is None or locate(resource, each) != place]
        self.rules.check_taken(resource, item, live, others, is_dry_run=options.is_dry_run)

    def _check_namespace(self, place: Place) -> None:
        """Check that a new object may come into its namespace. Raises StatusError 404 or 403."""
        if not place.resource.is_namespaced:
            return
        found = self.get(Place(self._namespaces, "", place.namespace))
        if found["metadata"].get("deletionTimestamp"):
            message = f"unable to create new content in namespace {place.namespace} because it is being terminated"
            error = forbidden(place.resource, place.name, message)
            text = f"namespace {place.namespace} is being terminated"
            cause = {"reason": "NamespaceTerminating", "message": text, "field": "metadata.namespace"}
            error.details = {**(error.details or {}), "causes": [cause]}
            raise error

    def _complete(self, request: AdmissionRequest, options: WriteOptions) -> tuple[Object, Object]:
        """Set defaults, and validate what the server keeps. Raises StatusError and ContentError.

        Returns the object by which owners are told, and the one that is kept: without what a subresource can't change,
        and with what the admission plugins and webhooks add.
        """
        resource, item, live = request.resource, request.subject, request.live
        owners = item["metadata"].pop("managedFields", None)
        for admission in self.admissions:
            admission(resource, item, live)
        asked = copy.deepcopy(item) if resource.key == _SERVICES else item
        self.rules.set_defaults(resource, item, live)
        kept = self.chain.change(request, self.rules)
        kept["metadata"].pop("managedFields", None)
        kept = _drop_gated(kept)
        if not options.is_dry_run:
            self.rules.check_node_ports(resource, kept, live)
        self._check_taken(resource, asked, live, options)
        self.rules.validate(resource, kept, live, request.sent_as.group, options.part)
        has_empty = self.rules.drop_empty(resource, kept)
        if kept is not item:
            self.rules.drop_empty(resource, item)
        if has_empty and resource.group not in _STORED_AS_JSON:
            kept = copy.deepcopy(kept)
            self.rules.drop_empty(resource, kept, is_stored=True)
        if owners is not None:
            item["metadata"]["managedFields"] = owners
        return item, kept

    def _ask(
        self,
        resource: Resource,
        live: Object | None,
        item: Object,
        options: WriteOptions,
        *,
        sent_as: Resource,
        warnings: list[str],
    ) -> AdmissionRequest:
        """Return a write in the view of the admission plugins."""
        return AdmissionRequest(
            *(self, "CREATE" if live is None else "UPDATE", resource, item, live, options.user, sent_as),
            part=options.part,
            is_dry_run=options.is_dry_run,
            options={"fieldManager": options.manager},
            warnings=warnings,
            calls_webhooks=options.calls_webhooks,
        )

    def _admit(self, request: AdmissionRequest) -> None:
        """Let the admission plugins and webhooks check a write, which get its warnings. Raises StatusError."""
        self.chain.check(request)
        if not request.part:
            resource = request.resource
            found = list_warnings(resource.kind, request.subject, request.live, is_custom=resource.is_custom)
            request.warnings.extend(found)

    def _admit_delete(
        self, place: Place, options: Mapping[str, Any], user: User, warnings: list[str], *, is_dry_run: bool
    ) -> None:
        resource = self._find_stored(place.resource)
        live = self.get(replace(place, resource=resource))
        sent = {name: value for name, value in options.items() if name not in ("kind", "apiVersion", "dryRun")}
        request = AdmissionRequest(self, "DELETE", resource, None, live, user, place.resource)
        with keep_warnings(warnings):
            self.chain.check(replace(request, is_dry_run=is_dry_run, options=sent, warnings=warnings))

    def _commit(self, resource: Resource, live: Object | None, item: Object, options: WriteOptions) -> Object:
        metadata = item["metadata"]
        if live is not None:
            if is_same(live, item) and metadata.get("generation") == live["metadata"].get("generation"):
                return live
            if resource.counts_generations and options.part != "status" and not has_same_spec(live, item):
                metadata["generation"] = live["metadata"].get("generation", 0) + 1
        if options.is_dry_run:
            return item
        if options.part == "finalize" and metadata.get("deletionTimestamp") and not item["spec"].get("finalizers"):
            self.remove(resource, item)
            return item
        is_released = bool(metadata.get("deletionTimestamp")) and not metadata.get("finalizers")
        if live is not None and is_released and not resource.is_namespace:
            self.remove(resource, item)
            return item
        self.store.put(resource, item)
        if resource.is_definition:
            self._define_kind(item)
        return item

    def _delete_owner(self, resource: Resource, live: Object, finalizers: list[str]) -> Object:
        """Delete an object without its dependents, at once unless other finalizers hold it."""
        self._release_dependents(live)
        rest = [each for each in finalizers if each != ORPHAN]
        if rest or resource.is_namespace:
            return self._mark_deleted(resource, live, rest)
        shown = preview_delete(resource, live, finalizers, None)
        self.remove(resource, live)
        return shown

    def _mark_deleted(self, resource: Resource, live: Object, finalizers: list[str]) -> Object:
        if live["metadata"].get("deletionTimestamp") and live["metadata"].get("finalizers", []) == finalizers:
            return live
        marked = copy.deepcopy(live)
        metadata = marked["metadata"]
        metadata.setdefault("deletionTimestamp", format_time())
        metadata.setdefault("deletionGracePeriodSeconds", 0)
        if finalizers:
            metadata["finalizers"] = finalizers
        if resource.counts_generations:
            metadata["generation"] = live["metadata"].get("generation", 1) + 1
        if resource.is_namespace:
            marked["status"] = {**(marked.get("status") or {}), "phase": "Terminating"}
        return self.store.put(resource, marked)

    def _release_dependents(self, owner: Object) -> None:
        uid = owner["metadata"]["uid"]
        for resource, item in self.list_dependents(owner):
            released = copy.deepcopy(item)
            references = [each for each in released["metadata"]["ownerReferences"] if each.get("uid") != uid]
            released["metadata"]["ownerReferences"] = references
            self.store.put(resource, released)

    # -- custom kinds ------------------------------------------------------------------------------------------------

    def _define_kind(self, definition: Object) -> None:
        conditions = (definition.get("status") or {}).get("conditions") or ()
        is_established = any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
        if is_established or not self.has_controllers:
            self.resources.define_custom(definition)
            self.rules.define_kind(definition)

    def _remove_kind(self, definition: Object) -> None:
        key = definition["spec"]["group"], definition["spec"]["names"]["plural"]
        if resource := self.resources.find_key(key):
            for item in self.store.list_items(resource):
                self.store.remove(resource, item)
        self.resources.remove_custom(definition)

    def _list_stored_resources(self) -> list[Resource]:
        """Return one version of each kind."""
        found: dict[tuple[str, str], Resource] = {}
        for resource in self.resources.list_all():
            found.setdefault(resource.key, resource)
        return list(found.values())

    def _find_stored(self, resource: Resource) -> Resource:
        """Return the resource in whose version objects are stored."""
        return resource if is_stored(resource) else self.resources.find_key(resource.key) or resource
