"""The two kinds of folds of a view: paths of one table, and changes equal in type, action and values.

What differs between folded changes is printed: their addresses, and the objects they change. The provider is in the
table too, and the cluster: a stack names those of most changes once.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from envctl.domain.plan.cluster_identity import CLUSTER_KEY
from envctl.domain.plan.fingerprint import encode_path
from envctl.domain.reading.reading import ReadChange, ReadValue

# The labels that Helm and envctl put on each object, wherever labels are: of pods, in selectors.
_LABELS = re.compile(
    r'\["labels","(?:helm\.sh/chart|app\.kubernetes\.io/(?:managed-by|name|instance|version|component|part-of)'
    r'|meta\.helm\.sh/[a-z-]+|heritage|release|chart|envctl\.[a-z.]+/[a-z-]+)"\]$'
)
_PROVIDER = ("provider", "provider configuration", CLUSTER_KEY)
OBJECT = "object"
"""The path of the object that a change is about."""


@dataclass(frozen=True)
class FoldedValues:
    """The values of a change as a view prints them, and how many it folds by which row of the table."""

    values: tuple[ReadValue, ...]
    labels: int = 0
    tags: int = 0


@dataclass(frozen=True)
class EqualChanges:
    """Changes equal in type, action, remarks and values."""

    changes: tuple[ReadChange, ...]

    @property
    def first(self) -> ReadChange:
        return self.changes[0]


def find_usual_provider(changes: Iterable[ReadChange]) -> tuple[ReadValue, ...]:
    """Return the values about the provider that most changes have, if several have the same."""
    pairs = Counter(tuple(value for value in change.values if value.path in _PROVIDER) for change in changes)
    ((usual, count),) = pairs.most_common(1) or [((), 0)]
    return usual if count > 1 else ()


def fold_values(values: Iterable[ReadValue], usual: Collection[ReadValue] = ()) -> FoldedValues:
    """Fold the values of a change. `usual` are those about the provider that the stack has named."""
    every = tuple(values)
    own = tuple(each for each in every if each.path in _PROVIDER)
    # A change without one of them does not have the usual provider.
    found = tuple(each for each in every if each not in own) if own == tuple(usual) else every
    by_path = {each.path: each for each in found}
    labels = {each.path for each in found if _LABELS.search(_cut_labels(each.path))}
    tags = {each.path for each in found if _repeats_tag(each, by_path)}
    return FoldedValues(tuple(each for each in found if each.path not in labels | tags), len(labels), len(tags))


def fold_changes(changes: Iterable[ReadChange]) -> Iterator[EqualChanges]:
    """Yield groups of equal changes, each where its first one stands."""
    groups: dict[object, list[ReadChange]] = {}
    for change in changes:
        values = tuple(each for each in change.values if each.path != OBJECT)
        groups.setdefault((change.type, change.action, change.remarks, values), []).append(change)
    for found in groups.values():
        yield EqualChanges(tuple(found))


def _cut_labels(path: str) -> str:
    """Return the last two steps of a path; empty for a short one."""
    steps = json.loads(path) if path.startswith("[") else []
    return encode_path(steps[-2:]) if len(steps) > 1 else ""


def _repeats_tag(value: ReadValue, by_path: dict[str, ReadValue]) -> bool:
    if not value.path.startswith('["tags_all"'):
        return False
    tag = by_path.get(value.path.replace('["tags_all"', '["tags"', 1))
    return tag is not None and (tag.before, tag.after, tag.sign) == (value.before, value.after, value.sign)
