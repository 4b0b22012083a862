"""Answers with the metadata of objects only, and the media types of answers."""

from envctl.adapters.sandbox.kubernetes.resources import Object
from envctl.adapters.sandbox.kubernetes.status_errors import not_acceptable

_VERSION = "meta.k8s.io/v1"
_MEDIA = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_RANGES = ("*/*", "application/*")


def check_accept(accept: str, *, is_custom: bool, part: str) -> None:
    """Check that a client takes a media type that the server has. Raises StatusError 406."""
    # A log is text.
    if not accept or part == "log":
        return
    media = _MEDIA[:2] if is_custom else _MEDIA
    wanted = {each.partition(";")[0].strip() for each in accept.split(",")}
    if not wanted & {*media, *_RANGES}:
        raise not_acceptable(media)


def wants_partial(accept: str) -> bool:
    """Return whether the first choice of a client is metadata only."""
    return "as=PartialObjectMetadata" in accept.partition(",")[0]


def to_partial(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": _VERSION, "metadata": item["metadata"]}


def to_partial_list(listed: Object) -> Object:
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": _VERSION,
        "metadata": listed["metadata"],
        "items": [to_partial(item) for item in listed["items"]],
    }
