"""The objects of a stack as its tools render them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import Location
from envctl.domain.kubernetes.manifests.kustomization import KeyPath
from envctl.domain.kubernetes.objects import Manifest, ObjectIdentity


@dataclass(frozen=True)
class RenderedManifests:
    """The rendered objects of a stack."""

    objects: tuple[Manifest, ...]  # all objects, without local ones; namespaces and the label of the stack are set
    images: tuple[str, ...] = ()  # references of all images in their pods, sorted
    # File and line of objects, where they are known.
    places: Mapping[ObjectIdentity, Location] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what a person should know of the rendering
    # Lines of the fields of objects in these files, where they are known.
    lines: Mapping[ObjectIdentity, Mapping[KeyPath, int]] = field(default_factory=dict)

    def locate(self, identity: ObjectIdentity, path: KeyPath = ()) -> Location | None:
        """Return the file of an object, and the line of a field or of the nearest one above it."""
        place, lines = self.places.get(identity), self.lines.get(identity, {})
        if place is None:
            return None
        while path and path not in lines:
            path = path[:-1]
        return Location(place.file, lines[path]) if path else place
