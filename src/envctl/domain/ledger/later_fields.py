"""Later fields of events: they have a default, and are left out of the bytes if they have this value."""

from dataclasses import field
from typing import Any

LATER = "later"


def later_field(default: Any) -> Any:  # noqa: ANN401 (as dataclasses.field)
    return field(default=default, metadata={LATER: True})
