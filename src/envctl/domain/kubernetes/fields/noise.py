"""Noise of a cluster: fields that it writes anew at each request, such as the time that a webhook adds.

Two dry runs of the same request in a row show them. A plan leaves them out. Otherwise, no plan would be the same twice.
"""

import re
from collections.abc import Iterable
from typing import Any

from envctl.domain.kubernetes.fields.differences import Difference, find_differences
from envctl.domain.kubernetes.fields.paths import MISSING, Path, remove_field, replace_field, select_field
from envctl.domain.kubernetes.fields.prediction import is_same_quantity
from envctl.domain.kubernetes.objects import Manifest, clean_object

# A time of day, or seconds since 1970: the next second shows whether it changes.
_CLOCK = re.compile(r"\d\d:\d\d:\d\d|(?<!\d)\d{10,19}(?!\d)|(?<!\d)\d{8}T?\d{6}(?!\d)")


def list_unexplained(live: Manifest, predicted: Manifest, desired: Manifest) -> list[Difference]:
    """Return the changes that the server makes by itself: a default, a webhook, or noise."""
    found = find_differences(clean_object(live), clean_object(predicted))
    return [each for each in found if each.after is not None and not _is_set(desired, each)]


def has_clock(differences: Iterable[Difference]) -> bool:
    """Check if a new value may be a time. It can be the same in two requests of one second."""
    return any(_CLOCK.search(str(each.after)) for each in differences)


def find_noise(first: Manifest, second: Manifest) -> tuple[Path, ...]:
    """Return the fields that differ between two answers to the same request."""
    return tuple(each.path for each in find_differences(clean_object(first), clean_object(second)))


def settle_live(live: Manifest, noise: Iterable[Path], desired: Manifest) -> dict[str, Any]:
    """Return the live object without the noise. A field that the release sets stays."""
    result: Any = clean_object(live)
    for path in noise:
        if select_field(desired, path) is MISSING:
            result = remove_field(result, path)
    return dict(result)


def settle_prediction(predicted: Manifest, noise: Iterable[Path], desired: Manifest) -> dict[str, Any]:
    """Return the predicted object without the noise. A field that the release sets has the value of the release."""
    result: Any = clean_object(predicted)
    for path in noise:
        wanted = select_field(desired, path)
        result = remove_field(result, path) if wanted is MISSING else replace_field(result, path, wanted)
    return dict(result)


def _is_set(desired: Manifest, difference: Difference) -> bool:
    wanted = select_field(desired, difference.path)
    return wanted is not MISSING and is_same_quantity(wanted, difference.after)
