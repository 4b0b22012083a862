"""The artifacts of two releases side by side."""

from dataclasses import dataclass

from envctl.domain.plan.changes import Marker
from envctl.domain.release.contents import Release
from envctl.domain.settings.values import format_canonical_json


@dataclass(frozen=True)
class ArtifactPair:
    """An artifact, by variable, in two releases; None on a side without it."""

    variable: str
    first: object
    second: object
    equal: bool


def pair_artifacts(first: Release | None, second: Release | None) -> tuple[ArtifactPair, ...]:
    one, other = (dict(each.wiring.artifacts) if each else {} for each in (first, second))
    pairs = []
    for name in sorted(one.keys() | other.keys()):
        before, after = one.get(name), other.get(name)
        equal = format_canonical_json(before) == format_canonical_json(after)
        if _is_sensitive(name, first) or _is_sensitive(name, second):
            before, after = (None if value is None else Marker.SENSITIVE for value in (before, after))
        pairs.append(ArtifactPair(name, before, after, equal))
    return tuple(pairs)


def _is_sensitive(name: str, release: Release | None) -> bool:
    schema = release.wiring.schema if release else {}
    return any(each.name == name and each.sensitive for variables in schema.values() for each in variables)
