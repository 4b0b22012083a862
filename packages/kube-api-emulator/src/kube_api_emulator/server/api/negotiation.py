"""The format of an answer, as a client wants it by its header Accept and a real server has it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kube_api_emulator.server.status_errors import StatusError, not_acceptable

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
MEDIA = (JSON, YAML, PROTOBUF)
TABLE, PARTIAL, PARTIAL_LIST = "Table", "PartialObjectMetadata", "PartialObjectMetadataList"
STREAMS = tuple(f"{media};stream=watch" for media in (JSON, PROTOBUF))
_META_GROUP, _META_VERSIONS = "meta.k8s.io", ("v1", "v1beta1")
_OTHER_KIND = re.compile(r";\s*(?:as|g|v)=")
_QUALITY = re.compile(r"[0-9]*\.?[0-9]+")


@dataclass(frozen=True)
class Format:
    """The format of an answer.

    Attributes:
        kind: Table, PartialObjectMetadata or its list, in place of the object; empty for the object itself.
        version: of this kind.
    """

    media: str = JSON
    kind: str = ""
    version: str = "v1"


DEFAULT = Format()


def choose_format(accept: str, media: Sequence[str] = MEDIA) -> Format:
    """Return the format that a client wants most. Raises StatusError 406 if the server has none of them.

    An answer is JSON if the client also takes JSON after protobuf, and if it takes protobuf only.
    """
    if not accept:
        return Format()
    found = [
        Format(each, parameters.get("as", ""), parameters.get("v", "v1"))
        for range_, parameters in _parse_accept(accept)
        if _is_known(parameters)
        for each in media
        if range_ in (each, "*/*", "application/*")
    ]
    if not found:
        raise not_acceptable(MEDIA)
    chosen = next((each for each in found if each.media != PROTOBUF), found[0])
    return Format(JSON, chosen.kind, chosen.version) if chosen.media == PROTOBUF else chosen


def choose_media(accept: str) -> str:
    """Return the media type of an answer; JSON for a document of another kind than objects."""
    try:
        return choose_format(accept).media
    except StatusError:
        return JSON


def takes_json(accept: str) -> bool:
    """Return whether a client takes JSON, whatever its parameters."""
    return not accept or any(range_ in (JSON, "*/*", "application/*") for range_, _ in _parse_accept(accept))


def choose_error_media(accept: str) -> str:
    """Return the media type of a refusal; empty if a client takes no object as it is."""
    plain = [each for each in accept.split(",") if not _OTHER_KIND.search(each)]
    try:
        return choose_format(",".join(plain)).media if plain else ""
    except StatusError:
        return ""


def check_route(accept: str, *, is_list: bool, media: Sequence[str] = MEDIA) -> None:
    """Check that a client takes what a path of a built-in kind has. Raises StatusError 406."""
    offered = (*media, *(STREAMS if is_list else ()))
    wanted = {each.strip().partition(";")[0].strip() for each in accept.split(",")}
    if accept and not wanted & {*media, "*/*"}:
        text = f"406: Not Acceptable\n\nAvailable representations: {', '.join(offered)}"
        raise StatusError(406, "NotAcceptable", text, {})


def _is_known(parameters: Mapping[str, str]) -> bool:
    """Check that the server knows a kind that a client wants in place of an object."""
    if parameters.get("stream", "watch") != "watch":
        return False
    if not {"as", "g", "v"} & {*parameters}:
        return True
    is_kind = parameters.get("as") in (TABLE, PARTIAL, PARTIAL_LIST)
    return is_kind and parameters.get("g") == _META_GROUP and parameters.get("v") in _META_VERSIONS


def _parse_accept(accept: str) -> list[tuple[str, Mapping[str, str]]]:
    """Return ranges and parameters of a header, the most wanted first."""
    parsed = []
    for each in accept.split(","):
        range_, *rest = (part.strip() for part in each.split(";"))
        pairs = (part.partition("=") for part in rest)
        parameters = {name.strip(): value.strip() for name, _, value in pairs}
        quality = parameters.pop("q", "1")
        weight = float(quality) if _QUALITY.fullmatch(quality) else 1.0
        parsed.append((-weight, range_.startswith("*"), range_.endswith("*"), range_, parameters))
    ordered = sorted(parsed, key=lambda clause: clause[:3])
    return [(range_, parameters) for *_, range_, parameters in ordered]
