"""Rules of an environment for any change to it, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from envctl.domain.config.rules.guard_codes import GuardCode

if TYPE_CHECKING:
    from envctl.domain.config.rules.windows import Window

Rehearsed = Literal["off", "warn", "refuse"]

# Gates of an environment after the entry without `approvals`.
DEFAULT_GATES: Mapping[str, int] = {"peer": 1, "business": 1, "quality": 1}
NEVER_WAIVED: Mapping[GuardCode, str] = {
    GuardCode.ACCOUNT: "it would happen to another environment",
    GuardCode.ALLOWED: "whoever may not would only have to say so",
    GuardCode.BUSY: "two deployments at once would overwrite each other",
    GuardCode.SETTINGS: "Terraform could not even plan",
    GuardCode.RULES: "the rules themselves say what may be waived",
}


@dataclass(frozen=True)
class Rules:
    """The rules of an environment. See the comment of each field."""

    approvals: Mapping[str, int] = field(default_factory=dict)  # people by gate
    is_usual: bool = False  # `approvals` is missing in the project: the default gates apply
    apply: tuple[str, ...] = ()  # permitted patterns; empty permits all
    approve: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # permitted patterns by gate
    only_ci: bool = False
    reviewers: str = ""  # gate for GitHub reviewers; empty: none
    self_approval: bool = False
    expires: timedelta | None = None  # validity of an approval
    soak: timedelta = timedelta()  # required verified time in the source
    max_age: timedelta | None = None  # maximum age of the verification
    windows: "tuple[Window, ...]" = ()
    waivable: frozenset[GuardCode] = frozenset()
    committed: bool = False
    rehearsed: Rehearsed = "warn"
    may_differ: frozenset[str] | None = None  # exempt from parity; None: not compared
    protected: bool = False
    max_destroys: int = 0  # for protected environments
    stateful: frozenset[str] = frozenset()  # for protected environments
    checks: Mapping[str, str] = field(default_factory=dict)  # required in the source: name to mark

    def list_approver_patterns(self, gate: str) -> tuple[str, ...]:
        """Return the patterns of permitted approvers; empty permits all."""
        return self.approve.get(gate, ())


def find_default_gates(order: Sequence[str], environment: str) -> Mapping[str, int]:
    """Return the gates of an environment without `approvals`: none for the entry, the default gates after it. The
    position after the entry does not matter: a second prod has the same gates as the first.
    """
    return DEFAULT_GATES if environment in order[1:] else {}
