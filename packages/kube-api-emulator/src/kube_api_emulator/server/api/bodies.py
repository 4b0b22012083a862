"""Bodies of requests: JSON, or YAML."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from kube_api_emulator.schemas.schemas import Schemas
from kube_api_emulator.server.api import protobuf
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.content_errors import are_in_one_scheme, name_scheme
from kube_api_emulator.server.rules.duplicate_fields import parse_json
from kube_api_emulator.server.rules.go.go_json import find_json_problem, shorten_body
from kube_api_emulator.server.rules.go.json_types import name_type
from kube_api_emulator.server.status_errors import StatusError, bad_request, unsupported_media_type

PATCH_KINDS = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_VERSION_AND_KIND = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)
_BODY_MEDIA = ("application/json", "application/yaml", protobuf.MEDIA)


@dataclass(frozen=True)
class Body:
    """The content of a body; None for none. `duplicates` are the paths of fields that stand twice in a map."""

    content: Any = None
    duplicates: tuple[str, ...] = ()


class BodyError(StatusError):
    """A body that cannot be read. The message is that of the server's parser, without the words around it."""

    def __init__(self, problem: str) -> None:
        super().__init__(400, "BadRequest", problem)


def parse_body(raw: bytes, media: str, method: str = "PATCH") -> Body:
    """Return the content of a body. Raises BodyError for one that cannot be read, StatusError for another media."""
    if not raw:
        return Body()
    if media == protobuf.MEDIA:
        return Body(_parse_protobuf(raw))
    if media and media not in _BODY_MEDIA and media not in PATCH_KINDS:
        raise unsupported_media_type(_BODY_MEDIA)
    if media in PATCH_KINDS and method != "PATCH":
        raise unsupported_media_type(_BODY_MEDIA)
    is_yaml = media.endswith("yaml")
    if is_yaml and raw.lstrip()[:1] not in (b"{", b"["):
        return _parse_yaml(raw)
    try:
        return Body(*parse_json(raw))
    except ValueError:
        if is_yaml:
            return _parse_yaml(raw)
        raise BodyError(find_json_problem(raw)) from None


def refuse_body(method: str, media: str, kind: str, raw: bytes, problem: str) -> StatusError:
    """Return the refusal of a body, in the words of the part of the server that reads it."""
    patch = PATCH_KINDS.get(media, "") if method == "PATCH" else ""
    if patch:
        return bad_request(
            {"apply": "error decoding YAML: error converting YAML to JSON: ", "strategic": ""}.get(
                patch, "error decoding patch: "
            )
            + problem
        )
    if not media.endswith("yaml"):
        problem = f"couldn't get version/kind; json parse error: {problem}"
    if method == "DELETE":
        return bad_request(problem)
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {problem} ({shorten_body(raw)})")


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
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BodyError(f"yaml: line {line}: {_describe_yaml(error.problem or '')}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BodyError(f"yaml: {error}") from error


def _describe_yaml(problem: str) -> str:
    """Return a problem of YAML in the words of Go's parser."""
    wanted = problem.partition(", but got")[0]
    wanted = wanted.partition(", but found")[0].replace("expected the node", "expected node")
    is_expected = wanted.startswith("expected ")
    text = wanted.replace("expected", "did not find expected", 1) if is_expected else problem
    text = text.replace("allowed here", "allowed in this context")
    return re.sub(r"character .* that cannot", "character that cannot", text)


def _parse_protobuf(raw: bytes) -> Object:
    try:
        found = protobuf.parse_protobuf(raw)
    except ValueError as error:
        raise bad_request(f"the body of the request is damaged: {error}") from error
    if found is None:
        raise unsupported_media_type(_BODY_MEDIA)
    return found


def require_object(body: object) -> Object:
    """Return a body that is an object; none is an empty one. Raises StatusError 400."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise bad_request("the body of the request is no object")
    return body


def read_object(body: object, method: str, media: str, kind: str, raw: bytes) -> Object:
    """Return the object of a create or an update. Raises StatusError 400 for one whose kind cannot be read."""
    if not raw:
        raise refuse_body(method, media, kind, raw, find_json_problem(raw))
    if body is not None and not isinstance(body, dict):
        problem = f"json: cannot unmarshal {name_type(body)} into Go value of type {_VERSION_AND_KIND}"
        raise refuse_body(method, "", kind, raw, problem)
    item = require_object(body)
    for name in ("apiVersion", "kind"):
        if not isinstance(item.get(name, ""), str | None):
            problem = f"json: cannot unmarshal {name_type(item[name])} into Go struct field .{name} of type string"
            raise refuse_body(method, "", kind, raw, problem)
    version = item.get("apiVersion") or ""
    if version.count("/") > 1:
        raise refuse_body(method, "yaml", kind, raw, f"unexpected GroupVersion string: {version}")
    return item


def check_kind(body: Object, resource: Resource, schemas: Schemas, *, is_apply: bool = False) -> None:
    """Check that a body is of the kind of its path. Raises StatusError 400."""
    version, kind = body.get("apiVersion") or "", body.get("kind") or ""
    if is_apply:
        version, kind = (each if isinstance(each, str) else "" for each in (version, kind))
        if (version, kind) != (resource.group_version, resource.kind):
            shown = version if "/" in str(version) else f"/{version}"
            raise bad_request(f"invalid object type: {shown}, Kind={kind}")
        return
    if resource.is_custom:
        _check_custom_kind(version, resource)
        return
    version, kind = version or resource.group_version, kind or resource.kind
    if (version, kind) == (resource.group_version, resource.kind):
        return
    group, _, number = version.rpartition("/")
    prefix = f'{kind} in version "{number}" cannot be handled as a {resource.kind}: '
    if not are_in_one_scheme(group, resource.group) or not _is_registered(schemas, group, number, kind):
        scheme = name_scheme(resource.group)
        raise bad_request(f'{prefix}no kind "{kind}" is registered for version "{version}" {scheme}')
    package = (resource.group or "core").partition(".")[0]
    raise bad_request(f"{prefix}converting ({number}.{kind}) to ({package}.{resource.kind}): unknown conversion")


def _check_custom_kind(version: str, resource: Resource) -> None:
    if version and version != resource.group_version:
        text = f"the API version in the data ({version}) does not match the expected API version "
        raise bad_request(f"{text}({resource.group_version})")


def _is_registered(schemas: Schemas, group: str, version: str, kind: str) -> bool:
    names = (kind, kind.removesuffix("List"))
    return (group, version, kind) == ("", "v1", "List") or any(schemas.find(group, version, each) for each in names)
