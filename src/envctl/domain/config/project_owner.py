"""Whose a store is, and whose a release."""

import json
from dataclasses import dataclass

FORMAT = 1


@dataclass(frozen=True)
class Owner:
    """The project at hand. `name` is what it is called, and `in_store` what it was called when its store was made; the
    two differ where it was renamed (`[store] project`).
    """

    name: str
    in_store: str = ""

    def owns(self, project: str) -> bool:
        """Whether what is of a project of that name is its own."""
        return project in {self.name, self.in_store}


@dataclass(frozen=True)
class Marker:
    """What a store says of itself: whose it is, and the `endpoint` at which it was tried that nothing in it can be
    written over; empty for AWS itself and for a folder.
    """

    project: str
    endpoint: str = ""


class MalformedMarkerError(ValueError):
    """The bytes are not a marker that this version of envctl can read."""


def encode(marker: Marker) -> bytes:
    document = {"format": FORMAT, "project": marker.project, "endpoint": marker.endpoint}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode(data: bytes) -> Marker:
    try:
        document = json.loads(data)
        project, endpoint = document["project"], document["endpoint"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedMarkerError(f"not a marker: {error}") from error
    if document["format"] != FORMAT or not isinstance(project, str) or not isinstance(endpoint, str):
        raise MalformedMarkerError("of another version of envctl")
    return Marker(project, endpoint)
