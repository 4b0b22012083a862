"""What was found when something was looked at: how it stands, and what would mend it."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "warn", "bad", "unseen"]


@dataclass(frozen=True)
class Finding:
    """`seen` is what is there, or why nobody could look; `mend` the next step, where there is something to mend."""

    name: str
    verdict: Verdict
    seen: str
    mend: str = ""
