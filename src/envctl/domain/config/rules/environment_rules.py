"""What an environment asks of whatever changes it, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from envctl.domain.config.rules.windows import Window

Rehearsed = Literal["off", "warn", "refuse"]

# What an environment after the entry asks for where its section says nothing about approvals.
USUAL_GATES: Mapping[str, int] = {"peer": 1, "business": 1, "quality": 1}
# By name: the project file may call a guard by either.
GUARD_CODES: Mapping[str, str] = {
    "order": "G101",
    "provenance": "G102",
    "verified": "G103",
    "soak": "G104",
    "max_age": "G105",
    "approvals": "G106",
    "window": "G107",
    "lock": "G108",
    "busy": "G109",
    "drift": "G110",
    "older": "G111",
    "rules": "G112",
    "artifact": "G201",
    "secrets": "G202",
    "account": "G203",
    "settings": "G204",
    "parity": "G205",
    "clean": "G206",
    "allowed": "G207",
    "protection": "G301",
    "same_plan": "G302",
    "rehearsed": "G303",
    "known_state": "G304",
    "removed": "G305",
}
NEVER_WAIVED: Mapping[str, str] = {
    "G203": "it would happen to another environment",
    "G207": "whoever may not would only have to say so",
    "G109": "two deployments at once would overwrite each other",
    "G204": "Terraform could not even plan",
    "G112": "the rules themselves say what may be waived",
}


@dataclass(frozen=True)
class Rules:
    """`expires` is how long an approval holds, `soak` how long a release has to run verified in the source, `max_age`
    how old that proof may be. `may_differ` names the settings in which the source may differ; None where it is not
    compared. `max_destroys` and `stateful` count only where the environment is protected. `apply` and `approve` are
    patterns of who may, the latter by gate; without any, everybody may. `reviewers` is the gate at which reviewers in
    GitHub count; empty where they count at none. `is_usual` says that the project file says nothing about `approvals`,
    and that they are the usual ones. `checks` are those that the evidence of the source has to hold, each
    name with its mark.
    """

    approvals: Mapping[str, int] = field(default_factory=dict)
    is_usual: bool = False
    apply: tuple[str, ...] = ()
    approve: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only_ci: bool = False
    reviewers: str = ""
    self_approval: bool = False
    expires: timedelta | None = None
    soak: timedelta = timedelta()
    max_age: timedelta | None = None
    windows: "tuple[Window, ...]" = ()
    waivable: frozenset[str] = frozenset()
    committed: bool = False
    rehearsed: Rehearsed = "warn"
    may_differ: frozenset[str] | None = None
    protected: bool = False
    max_destroys: int = 0
    stateful: frozenset[str] = frozenset()
    checks: Mapping[str, str] = field(default_factory=dict)

    def who_approves(self, gate: str) -> tuple[str, ...]:
        """Patterns; none where everybody may."""
        return self.approve.get(gate, ())


def find_usual_gates(order: Sequence[str], environment: str) -> Mapping[str, int]:
    """Returns the gates of an environment that says nothing about approvals: none where code enters, and the usual ones
    in every environment after that. The place after the entry does not count: a second prod asks for what the first
    does.
    """
    return USUAL_GATES if environment in order[1:] else {}
