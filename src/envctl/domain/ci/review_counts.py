"""The reviews of a CI run at one moment, as text for a later job: `octocat:1,hubot:2`, or `0` for none.

GitHub lists the reviews of all attempts of a run, without time or attempt, and in no documented order. So the job that
plans counts them by reviewer, and the job that records them takes only those that have come since.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

NO_REVIEWS = "0"
_PART = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?):([1-9][0-9]{0,5})")


def format_reviews(names: Iterable[str]) -> str:
    """Return the counts of reviewers as one word. `names` has one name for each review."""
    counts = sorted(Counter(names).items())
    return ",".join(f"{name}:{count}" for name, count in counts) or NO_REVIEWS


def parse_reviews(text: str) -> Mapping[str, int]:
    """Return the counts by reviewer. Raises ValueError for any other text."""
    if text == NO_REVIEWS:
        return {}
    found = [_PART.fullmatch(part) for part in text.split(",")]
    counts = {each[1]: int(each[2]) for each in found if each}
    if len(counts) != len(found):
        raise ValueError(text)
    return counts


def list_later(names: Iterable[str], earlier: Mapping[str, int]) -> tuple[str, ...]:
    """Return the reviewers with more reviews now than earlier, each once."""
    counts = Counter(names)
    return tuple(name for name, count in counts.items() if count > earlier.get(name, 0))
