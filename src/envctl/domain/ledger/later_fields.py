"""Fields of events that came later: they have a default, and are left out of the bytes where they have that."""

from dataclasses import field
from typing import Any

LATER = "later"


def later(default: Any) -> Any:  # noqa: ANN401 (as dataclasses.field)
    return field(default=default, metadata={LATER: True})
