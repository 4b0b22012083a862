"""The rules for the content of objects, by the schemas of a Kubernetes version.

Source: k8s.io/apiserver v0.36.2, pkg/endpoints/handlers/create.go (createHandler), pkg/endpoints/handlers/update.go
(UpdateResource), pkg/endpoints/handlers/patch.go (patchResource, applyJSPatch, applyPatch).
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from kube_api_emulator.schemas.packed import load_go_types
from kube_api_emulator.schemas.schemas import Schema, Schemas
from kube_api_emulator.server.rules.body_types import (
    Kind,
    check_applied_types,
    check_body_types,
    has_keyless,
)
from kube_api_emulator.server.rules.content_errors import ContentError, describe_object, refuse_fields
from kube_api_emulator.server.rules.defaults import set_custom_defaults, set_defaults
from kube_api_emulator.server.rules.field_sets import FieldPath
from kube_api_emulator.server.rules.go.go_types import GoTypes
from kube_api_emulator.server.rules.go.go_values import ConversionError, convert_to_go, drop_nulls
from kube_api_emulator.server.rules.go.json_types import name_type
from kube_api_emulator.server.rules.kind_updates import (
    count_template,
    drop_kept,
    drop_topology,
    keep_job_selector,
    keep_priority,
    keep_source,
    list_status_metadata,
)
from kube_api_emulator.server.rules.managed_fields import (
    Manager,
    Ownership,
    read_ownership,
    set_ownership,
    track_update,
)
from kube_api_emulator.server.rules.patches import (
    StrategicPatch,
    apply_json_patch,
    apply_merge_patch,
)
from kube_api_emulator.server.rules.pod_updates import POD_PARTS
from kube_api_emulator.server.rules.schema_parts import open_schema_parts
from kube_api_emulator.server.rules.server_side_apply import ApplyRequest, apply_configuration
from kube_api_emulator.server.rules.service_updates import adapt_service
from kube_api_emulator.server.rules.structured_merge import StructuredMerge
from kube_api_emulator.server.rules.validation.kinds import find_causes
from kube_api_emulator.server.rules.validation.service_allocation import (
    find_allocation_causes,
    find_port_causes,
    find_taken,
)

Object = dict[str, Any]

_CUSTOM_PATCHES = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
_OPEN: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_METADATA: Schema = {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
_STATUS: tuple[FieldPath, ...] = (("f:status",),)


class ResourceFacts(Protocol):
    """The facts of a resource for the rules."""

    @property
    def group(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def is_custom(self) -> bool: ...
    @property
    def has_status(self) -> bool: ...
    @property
    def scale_paths(self) -> Mapping[str, str]: ...


class SchemaRules:
    """The content of objects as kube-apiserver keeps it: types, defaults, validation, patches and owners."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = open_schema_parts(schemas)
        self.types = GoTypes(load_go_types(schemas.version))
        self._custom: dict[tuple[str, str], list[Object]] = {}

    # -- kinds -------------------------------------------------------------------------------------------------------

    def define_kind(self, definition: Mapping[str, Any]) -> None:
        """Take the kinds of a CustomResourceDefinition in."""
        self.schemas = self.schemas.add_custom_kinds([definition])

    def _find_kind(self, resource: ResourceFacts) -> Kind:
        schema = self.schemas.find(resource.group, resource.version, resource.kind)
        names = resource.group, resource.version, resource.kind
        return Kind(self.schemas, _OPEN if schema is None else schema, *names, resource.scale_paths)

    # -- rules -------------------------------------------------------------------------------------------------------

    def check_types(
        self, resource: ResourceFacts, body: Object, field_validation: str, *, is_converted: bool = False
    ) -> list[str]:
        """Check a body of a create or an update, and drop unknown fields. Returns warnings, raises ContentError."""
        kind = self._find_kind(resource)
        warnings = check_body_types(kind, body, field_validation or "Warn", is_converted=is_converted)
        if not resource.is_custom:
            self._check_conversion(kind, body, is_converted=is_converted)
            return warnings
        content = drop_nulls(self.schemas, kind.schema, body)
        body.clear()
        body |= content
        return warnings

    def _check_conversion(self, kind: Kind, body: Object, *, is_converted: bool) -> None:
        """Check what the types do not tell, such as times. Raises ContentError 400."""
        try:
            convert_to_go(self.types, kind.schemas, kind.schema, {**body}, keeps_empty=True)
        except ConversionError as error:
            text = str(error) if is_converted else str(error).removeprefix("error decoding from json: ")
            message = f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: {text}'
            raise ContentError(400, "BadRequest", message) from None

    def set_defaults(self, resource: ResourceFacts, item: Object, live: Object | None) -> None:
        """Set the defaults of an object. Raises ContentError."""
        kind = self._find_kind(resource)
        if resource.is_custom:
            convert_to_go(self.types, self.schemas, _METADATA, item["metadata"])
            set_custom_defaults(self.schemas, kind.schema, item)
            self._convert_embedded(kind.schema, item)
        else:
            self._convert(kind, item)
            if live is not None and (resource.group, resource.kind) == ("", "Service"):
                adapt_service(item, live)
            if live is not None:
                keep_source(kind.name, item, live)
            drop_topology(kind.name, item, live)
            with keep_job_selector(kind.name, item, live):
                set_defaults(self.types, self.schemas, kind.schema, item)
            if live is not None:
                count_template(kind.name, item, live)
                keep_priority(kind.name, item, live)
            if resource.has_status:
                item.setdefault("status", {})

    def _convert_embedded(self, schema: Schema, value: object) -> None:
        """Write the metadata of objects within a custom resource as Go does."""
        if isinstance(value, dict):
            for name, inner in value.items():
                field = self.schemas.get_field(schema, name) or {}
                metadata = inner.get("metadata") if isinstance(inner, dict) else None
                if field.get("x-kubernetes-embedded-resource") and isinstance(metadata, dict):
                    convert_to_go(self.types, self.schemas, _METADATA, metadata)
                self._convert_embedded(field, inner)
        elif isinstance(value, list):
            for inner in value:
                self._convert_embedded(self.schemas.get_items(schema), inner)

    def validate(
        self,
        resource: ResourceFacts,
        item: Object,
        live: Object | None,
        sent_group: str = "",
        part: str = "",
    ) -> None:
        """Check an object with its defaults. Raises ContentError. `part` is the subresource that is written."""
        kind = self._find_kind(resource)
        causes = find_causes(kind, item, live, is_custom=resource.is_custom, sent_group=sent_group, part=part)
        if causes:
            raise refuse_fields(resource.group, resource.kind, item["metadata"].get("name", ""), causes)

    def check_node_ports(self, resource: ResourceFacts, item: Object, live: Object | None) -> None:
        """Check the ports of nodes that a Service asks for, which a dry run does not. Raises ContentError 422."""
        if (resource.group, resource.kind) != ("", "Service"):
            return
        causes = find_port_causes(item.get("spec") or {}, (live or {}).get("spec") or {})
        if causes:
            raise refuse_fields(resource.group, resource.kind, item["metadata"].get("name", ""), causes)

    def check_taken(
        self, resource: ResourceFacts, item: Object, live: Object | None, others: Sequence[Object], *, is_dry_run: bool
    ) -> None:
        """Check that no other Service has what a Service asks for. Raises ContentError 422."""
        spec = dict(item.get("spec") or {})
        if spec.get("clusterIP") and not spec.get("clusterIPs"):
            spec["clusterIPs"] = [spec["clusterIP"]]
        if find_allocation_causes(spec, live and (live.get("spec") or {})):
            return  # It asks for nothing that can be had; its validation says why.
        specs = [other.get("spec") or {} for other in others]
        causes = find_taken(item.get("spec") or {}, specs, has_addresses=not is_dry_run)
        if causes:
            raise refuse_fields(resource.group, resource.kind, item["metadata"].get("name", ""), causes)

    def drop_empty(self, resource: ResourceFacts, item: Object, *, is_stored: bool = False) -> bool:
        """Leave out of a valid object what Go does not write.

        Returns whether it has empty lists that the store writes as null; `is_stored` writes them.
        """
        if resource.is_custom:
            return False
        schema = self._find_kind(resource).schema
        return convert_to_go(self.types, self.schemas, schema, item, is_stored=is_stored)

    def _convert(self, kind: Kind, item: Object, sent: Object | None = None) -> None:
        """Write an object as Go does. `sent` is the configuration that a refusal names."""
        metadata = (item if sent is None else sent).get("metadata") or {}
        try:
            convert_to_go(self.types, kind.schemas, kind.schema, item, keeps_empty=True)
        except ConversionError as error:
            shown = describe_object(
                metadata.get("namespace", ""), metadata.get("name", ""), kind.api_version, kind.name
            )
            version = shown.partition("; ")[2]
            message = (
                f"failed to convert new object ({shown}) to proper version: unable to convert unstructured object to "
                f"{version}: {error}"
            )
            raise ContentError(500, "", message) from None
        item.setdefault("metadata", {})

    def track_update(
        self,
        resource: ResourceFacts,
        live: Object | None,
        item: Object,
        manager: str,
        part: str,
        *,
        sent: Object | None = None,
    ) -> None:
        """Write the owners of the fields that an update has changed into an object.

        `sent` is what the client has sent, without what the server keeps.
        """
        kind = self._find_kind(resource)
        before = _strip(live if live is not None else self._make_empty(resource, kind))
        owners = _choose_owners(live, item, part)
        ownership = read_ownership(owners)
        is_whole = resource.is_custom or sent is None or part not in ("", *POD_PARTS)
        after = _strip(item if is_whole or sent is None else drop_kept(kind.name, item, sent))
        merge = StructuredMerge(self.schemas, kind.schema)
        if has_keyless(kind, after):
            # The server can't tell the fields of such a list apart, and forgets all owners.
            item["metadata"].pop("managedFields", None)
            return
        if live is None or _is_tracked(merge, ownership, before, after, part):
            track_update(
                merge,
                ownership,
                Manager(manager, "Update", kind.api_version, part),
                before,
                after,
                time=format_time(),
                ignored=_list_ignored(resource, part),
            )
        set_ownership(item, ownership)

    def apply(
        self, resource: ResourceFacts, live: Object | None, config: Object, manager: str, part: str, *, force: bool
    ) -> Object:
        """Return the object after a server-side apply, with the owners of its fields. Raises ContentError."""
        kind = self._find_kind(resource)
        check_applied_types(kind, config)
        request = ApplyRequest(
            Manager(manager, "Apply", kind.api_version, part),
            format_time(),
            force,
            self._make_empty(resource, kind),
            _list_ignored(resource, part),
        )
        merged = apply_configuration(StructuredMerge(self.schemas, kind.schema), live, config, request)
        if not resource.is_custom:
            self._convert(kind, merged, config)
        return merged

    def patch(self, resource: ResourceFacts, live: Object, kind: str, body: object) -> Object:
        """Return the object after a `json`, `merge` or `strategic` patch. Raises ContentError."""
        if kind == "json":
            patched = apply_json_patch(live, body)
        elif not isinstance(body, dict):
            prefix = "error decoding patch: " if kind == "merge" else ""
            text = f"json: cannot unmarshal {name_type(body)} into Go value of type map[string]interface {{}}"
            raise ContentError(400, "BadRequest", prefix + text)
        elif kind == "merge":
            patched = apply_merge_patch(live, body)
        elif resource.is_custom:
            message = "the body of the request was in an unknown format - accepted media types include: "
            raise ContentError(415, "UnsupportedMediaType", message + _CUSTOM_PATCHES)
        else:
            patched = StrategicPatch(self.schemas).apply(self._find_kind(resource).schema, live, body)
        if not isinstance(patched, dict):
            text = "error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}"
            raise ContentError(400, "BadRequest", text)
        return copy.deepcopy(patched)

    def _make_empty(self, resource: ResourceFacts, kind: Kind) -> Object:
        """Return a new object without content, as the Go types of kube-apiserver write it."""
        empty: Object = {"apiVersion": kind.api_version, "kind": kind.name}
        if not resource.is_custom:
            convert_to_go(self.types, self.schemas, kind.schema, empty)
        return empty


def format_time() -> str:
    """Return the time as managed fields have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _strip(item: Object) -> Object:
    metadata = {name: value for name, value in (item.get("metadata") or {}).items() if name != "managedFields"}
    return item | {"metadata": metadata} if "metadata" in item else item


def _choose_owners(live: Object | None, item: Object, part: str) -> object:
    """Return the owners before an update: those of the request if it names some, for an update of the object itself."""
    kept = ((live or {}).get("metadata") or {}).get("managedFields")
    sent = (item.get("metadata") or {}).get("managedFields")
    if part or live is None or sent is None:
        return kept
    if sent and all(not entry.get("operation") for entry in sent):
        return []
    return sent or kept


def _is_tracked(merge: StructuredMerge, ownership: Ownership, before: Object, after: Object, part: str) -> bool:
    """Return whether an update gets an owner. A change of the scale does not if the number has no owner yet."""
    if part != "scale":
        return bool(ownership.fields)
    changes = merge.compare(before, after)
    return any(fields & (changes.added | changes.modified) for fields in ownership.fields.values())


def _list_ignored(resource: ResourceFacts, part: str) -> tuple[FieldPath, ...]:
    """Return the read-only fields of a request."""
    if part == "status":
        names = list_status_metadata(resource.kind, is_custom=resource.is_custom)
        if not names:
            return (("f:spec",), ("f:metadata",))
        return (("f:spec",),) if "labels" in names else (("f:spec",), ("f:metadata", "f:labels"))
    if part in POD_PARTS:
        return ()
    return _STATUS if resource.has_status else ()
