"""Owner of a store and of its releases."""

import json
from dataclasses import dataclass

FORMAT = 1


@dataclass(frozen=True)
class Owner:
    """The current project. `in_store` is its name at the creation of the store, if renamed (`[store] project`)."""

    name: str
    in_store: str = ""

    def is_owner_of(self, project: str) -> bool:
        """Check if the named project is this one, by either name."""
        return project in {self.name, self.in_store}


@dataclass(frozen=True)
class StoreMarker:
    """The marker object of a store, with its project. `endpoint` is the S3 endpoint with tested conditional writes;
    empty for AWS and folders.
    """

    project: str
    endpoint: str = ""


class MalformedMarkerError(ValueError):
    """The bytes are not a marker of a version known to this envctl."""


def encode_marker(marker: StoreMarker) -> bytes:
    document = {"format": FORMAT, "project": marker.project, "endpoint": marker.endpoint}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode_marker(data: bytes) -> StoreMarker:
    try:
        document = json.loads(data)
        project, endpoint = document["project"], document["endpoint"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedMarkerError(f"not a marker: {error}") from error
    if document["format"] != FORMAT or not isinstance(project, str) or not isinstance(endpoint, str):
        raise MalformedMarkerError("of another version of envctl")
    return StoreMarker(project, endpoint)
