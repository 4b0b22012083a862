"""The artifacts of two releases side by side."""

from dataclasses import dataclass

from envctl.domain.plan.changes import Marker
from envctl.domain.release.contents import Release
from envctl.domain.settings.values import canonical


@dataclass(frozen=True)
class ArtifactPair:
    """An artifact by the variable that it fills; None where a side has none."""

    variable: str
    first: object
    second: object
    equal: bool


def pair_artifacts(first: Release | None, second: Release | None) -> tuple[ArtifactPair, ...]:
    one, other = (dict(each.wiring.artifacts) if each else {} for each in (first, second))
    return tuple(
        _pair(name, one.get(name), other.get(name), hidden=_sensitive(name, first) or _sensitive(name, second))
        for name in sorted(one.keys() | other.keys())
    )


def _pair(name: str, first: object, second: object, *, hidden: bool) -> ArtifactPair:
    one, other = (Marker.SENSITIVE if hidden and value is not None else value for value in (first, second))
    return ArtifactPair(name, one, other, equal=canonical(first) == canonical(second))


def _sensitive(name: str, release: Release | None) -> bool:
    schema = release.wiring.schema if release else {}
    return any(each.name == name and each.sensitive for variables in schema.values() for each in variables)
