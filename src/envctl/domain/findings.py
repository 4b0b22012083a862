"""Results of inspections: a verdict, the observed state and the next step."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "warn", "bad", "unseen"]


@dataclass(frozen=True)
class Finding:
    """One inspected item: `seen` is its observed state or the reason it is unknown, `mend` the next step, if any."""

    name: str
    verdict: Verdict
    seen: str
    mend: str = ""
