"""Answers with an object or a list in the format that a client wants."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from kube_api_emulator.server.api.negotiation import (
    JSON,
    PARTIAL,
    PARTIAL_LIST,
    TABLE,
    YAML,
    Format,
    choose_error_media,
    choose_media,
)
from kube_api_emulator.server.api.printing.tables import build_table
from kube_api_emulator.server.api.targets import Target
from kube_api_emulator.server.conversion import to_internal
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.status_errors import StatusError

_SCALE = Resource("autoscaling", "v1", "scales", "Scale", True)
# The tools that a person uses get an answer with indents.
_PEOPLE = ("curl", "Wget", "Mozilla/5.0")
_FIRST_REFUSAL = 400
_TEXT_TAG, _OLD_BOOLEANS = "tag:yaml.org,2002:str", ("y", "Y", "n", "N")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


def encode(item: Object) -> bytes:
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def answer_item(code: int, item: Object) -> ApiAnswer:
    return ApiAnswer(code, encode(item))


def present_item(target: Target, code: int, item: Object) -> ApiAnswer:
    """Answer with one object: itself, its metadata or a row of a table. Raises StatusError 406."""
    wanted, metadata = target.format, item.get("metadata") or {}
    if not wanted.kind or item.get("kind") == "Status":
        return answer_item(code, item)
    if wanted.kind == TABLE:
        version = {name: metadata[name] for name in ("resourceVersion",) if metadata.get(name)}
        resource = _SCALE if item.get("kind") == "Scale" else target.resource
        return answer_item(code, _to_table(target, resource, [item], version, is_list=False))
    if wanted.kind == PARTIAL:
        return answer_item(code, _to_partial(target.resource, item, wanted))
    if target.resource.is_custom:
        raise StatusError(500, "", "content is not a list")
    name = _name_type(item)
    text = f"you requested {PARTIAL_LIST}, but the requested object is not a list ({name})"
    raise StatusError(406, "NotAcceptable", text)


def present_list(target: Target, listed: Object) -> ApiAnswer:
    """Answer with a list of objects: itself, their metadata or a table. Raises StatusError 406."""
    wanted, resource = target.format, target.resource
    if not wanted.kind:
        return answer_item(200, listed)
    # Only the list itself names an empty token.
    metadata = {name: value for name, value in listed["metadata"].items() if value != ""}
    if wanted.kind == TABLE:
        return answer_item(200, _to_table(target, resource, listed["items"], metadata, is_list=True))
    if wanted.kind == PARTIAL_LIST:
        partial = {"kind": PARTIAL_LIST, "apiVersion": f"meta.k8s.io/{wanted.version}", "metadata": metadata}
        items = [_to_partial(resource, item, wanted) for item in listed["items"]]
        return answer_item(200, partial | {"items": items or None})
    name = "*unstructured.UnstructuredList" if resource.is_custom else _name_type(listed)
    raise StatusError(406, "NotAcceptable", f"you requested {PARTIAL}, but the requested object is a list ({name})")


def present_watched(target: Target, kind: str, item: Object) -> Object:
    """Return the object of a frame of a watch in the format that the client wants."""
    wanted = target.format
    if kind == "ERROR" or not wanted.kind:
        return item
    if wanted.kind != TABLE:
        return _to_partial(target.resource, item, wanted)
    version = {"resourceVersion": item["metadata"]["resourceVersion"]}
    return _to_table(target, target.resource, [item], version, is_list=False)


def finish_answer(request: ApiRequest, query: Mapping[str, str], answer: ApiAnswer) -> ApiAnswer:
    """Return an answer in the media type and with the indents that the client wants."""
    if answer.media != JSON or not answer.body or answer.is_plain:
        return answer
    accept = request.headers.get("accept", "")
    is_refusal = answer.code >= _FIRST_REFUSAL
    media = choose_error_media(accept) if is_refusal else choose_media(accept)
    if not media:
        return _indent(answer)
    if media == YAML:
        return replace(answer, body=_to_yaml(json.loads(answer.body)), media=YAML)
    if _is_pretty(request, query):
        return _indent(answer)
    return answer


def _indent(answer: ApiAnswer) -> ApiAnswer:
    return replace(answer, body=json.dumps(json.loads(answer.body), indent=2, ensure_ascii=False).encode())


def _is_pretty(request: ApiRequest, query: Mapping[str, str]) -> bool:
    if query.get("pretty"):
        return query["pretty"] in _TRUE
    return request.headers.get("user-agent", "").startswith(_PEOPLE)


def _to_yaml(content: Object) -> bytes:
    import yaml  # type: ignore[import-untyped]

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        def ignore_aliases(self, _: object) -> bool:
            return True

    def represent_text(dumper: Any, text: str) -> Any:  # noqa: ANN401 (the nodes of a library without types)
        """Choose the style of a text as Go does: a literal for lines, quotes if it would be read as another type."""
        tag = dumper.resolve(yaml.ScalarNode, text, (True, False))
        style = "|" if "\n" in text else None if tag == _TEXT_TAG and text not in _OLD_BOOLEANS else '"'
        return dumper.represent_scalar(_TEXT_TAG, text, style)

    Dumper.add_representer(str, represent_text)
    text: str = yaml.dump(content, Dumper=Dumper, allow_unicode=True, default_flow_style=False)
    return text.encode()


def _to_table(
    target: Target, resource: Resource, items: Sequence[Object], metadata: Mapping[str, object], *, is_list: bool
) -> Object:
    if not resource.is_custom:
        items = [to_internal(resource, item) for item in items]
    objects, version = target.query.get("includeObject", ""), target.format.version
    return build_table(resource, items, metadata, objects=objects, version=version, is_list=is_list)


def _to_partial(resource: Resource, item: Object, wanted: Format) -> Object:
    metadata = to_internal(resource, item)["metadata"]
    return {"kind": PARTIAL, "apiVersion": f"meta.k8s.io/{wanted.version}", "metadata": metadata}


def _name_type(item: Object) -> str:
    """Return the Go type of an object, as in `*core.Pod`."""
    group = item["apiVersion"].rpartition("/")[0].partition(".")[0]
    package = "core" if group in ("", "events") else group
    return f"*{package}.{item['kind']}"
