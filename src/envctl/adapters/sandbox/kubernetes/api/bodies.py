"""Bodies of requests: JSON, or YAML."""

from dataclasses import dataclass
from typing import Any, ClassVar

from envctl.adapters.sandbox.kubernetes.api import protobuf
from envctl.adapters.sandbox.kubernetes.resources import Object, Resource
from envctl.adapters.sandbox.kubernetes.rules.duplicate_fields import parse_json
from envctl.adapters.sandbox.kubernetes.status_errors import bad_request, unsupported_media_type

PATCH_KINDS = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_BODY_MEDIA = ("application/json", "application/yaml", protobuf.MEDIA)


@dataclass(frozen=True)
class Body:
    """The content of a body; None for none. `duplicates` are the paths of fields that stand twice in a map."""

    content: Any = None
    duplicates: tuple[str, ...] = ()


def parse_body(raw: bytes, media: str) -> Body:
    """Return the content of a body. Raises StatusError for one that cannot be read."""
    if not raw:
        return Body()
    if media == protobuf.MEDIA:
        return Body(_parse_protobuf(raw))
    if media and media not in _BODY_MEDIA and media not in PATCH_KINDS:
        raise unsupported_media_type(_BODY_MEDIA)
    if raw.lstrip()[:1] in (b"{", b"["):
        try:
            return Body(*parse_json(raw))
        except ValueError as error:
            if not media.endswith("yaml"):
                raise bad_request(f"the body of the request is no JSON: {error}") from error
    return _parse_yaml(raw)


def _parse_yaml(raw: bytes) -> Body:
    """Parse YAML as Kubernetes reads it: a date is text."""
    import yaml  # type: ignore[import-untyped]

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    try:
        return Body(yaml.load(raw, Loader))  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error


def _parse_protobuf(raw: bytes) -> Object:
    try:
        found = protobuf.parse_protobuf(raw)
    except ValueError as error:
        raise bad_request(f"the body of the request is damaged: {error}") from error
    if found is None:
        raise unsupported_media_type(_BODY_MEDIA)
    return found


def require_object(body: object) -> Object:
    if not isinstance(body, dict):
        raise bad_request("the body of the request is no object")
    return body


def check_kind(body: Object, resource: Resource, *, is_apply: bool = False) -> None:
    """Check that a body is of the kind of its path. Raises StatusError 400."""
    version, kind = body.get("apiVersion") or "", body.get("kind") or ""
    if is_apply:
        if (version, kind) != (resource.group_version, resource.kind):
            shown = version if "/" in str(version) else f"/{version}"
            raise bad_request(f"invalid object type: {shown}, Kind={kind}")
        return
    number = str(version or resource.version).rpartition("/")[2]
    prefix = f'{kind} in version "{number}" cannot be handled as a {resource.kind}: '
    if kind not in ("", resource.kind):
        package = (resource.group or "core").partition(".")[0]
        raise bad_request(f"{prefix}converting ({number}.{kind}) to ({package}.{resource.kind}): unknown conversion")
    if version not in ("", resource.group_version):
        scheme = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'
        raise bad_request(f'{prefix}no kind "{resource.kind}" is registered for version "{version}" {scheme}')
