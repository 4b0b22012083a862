"""What the project file asks of prod, as the actors write it and as the oracle understands it: in words of its own."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from envctl.domain.rules import GUARD_CODES, NEVER_WAIVED

ORDER = ("dev", "staging", "prod")
ALL_CHECKS = frozenset({"smoke", "front", "deep"})
WINDOWS = """windows = [
  { kind = "deny", name = "year end", start = "2026-12-20T00:00", end = "2027-01-04T00:00", tz = "Asia/Tokyo" },
  { kind = "deny", name = "friday", days = ["fri"], from = "16:00", to = "24:00", tz = "Europe/Berlin" },
]
"""
ROLE = "arn:aws:iam::333333333333:role/Approver"


@dataclass(frozen=True)
class Asked:
    """What is asked of prod. `approvers` says that only people in a role may approve for the business, `checks` are
    those that staging runs.
    """

    gates: tuple[tuple[str, int], ...] = (("peer", 1), ("business", 2))
    self_approval: bool = False
    expires: timedelta | None = timedelta(hours=8)
    soak: timedelta = timedelta(hours=24)
    max_age: timedelta | None = timedelta(days=14)
    committed: bool = True
    windows: bool = True
    protected: bool = True
    max_destroys: int = 1
    waivable: frozenset[str] = frozenset()
    approvers: bool = False
    checks: frozenset[str] = ALL_CHECKS
    order: tuple[str, ...] = ORDER

    def before(self, environment: str) -> str:
        """The environment right before; empty for the entry."""
        place = self.order.index(environment)
        return self.order[place - 1] if place else ""

    def checks_of(self, environment: str) -> frozenset[str]:
        return self.checks if environment == "staging" else self.checks - {"deep"}

    @property
    def of_prod(self) -> str:
        """The sections of prod in the project file, but for where it is."""
        lines = [
            f"protected = {_flag(self.protected)}",
            f"max_destroys = {self.max_destroys}",
            "",
            "[environments.prod.gates]",
            f"approvals = {{ {', '.join(f'{gate} = {count}' for gate, count in self.gates)} }}",
            f"self_approval = {_flag(self.self_approval)}",
            f'expires = "{_hours(self.expires)}"' if self.expires else "",
            f'soak = "{_hours(self.soak)}"' if self.soak else "",
            f'max_age = "{_hours(self.max_age)}"' if self.max_age else "",
            f"committed = {_flag(self.committed)}",
            f"waivable = {json.dumps(sorted(self.waivable))}",
            WINDOWS if self.windows else "",
        ]
        if self.approvers and dict(self.gates).get("business"):
            lines += ["", "[environments.prod.allow]", f'approve = {{ business = ["{ROLE}"] }}']
        return "\n".join(lines) + "\n"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _hours(time: timedelta) -> str:
    return f"{int(time.total_seconds() // 3600)}h"


def _with(**changes: object) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, **changes)  # type: ignore[arg-type]


EDITS: Mapping[str, Callable[[Asked], Asked]] = {
    "no gate": _with(gates=()),
    "one gate": _with(gates=(("peer", 1),)),
    "fewer approvals": _with(gates=(("peer", 1), ("business", 1))),
    "one's own approval counts": _with(self_approval=True),
    "approvals never expire": _with(expires=None),
    "no soak": _with(soak=timedelta()),
    "proof of any age": _with(max_age=None),
    "uncommitted trees": _with(committed=False),
    "no window": _with(windows=False),
    "not protected": _with(protected=False),
    "any number may be destroyed": _with(max_destroys=100),
    "all can be waived": _with(waivable=frozenset(GUARD_CODES.values()) - frozenset(NEVER_WAIVED)),
    "one check less": _with(checks=ALL_CHECKS - {"deep"}),
}
"""Each asks for less. What asks for more has to be approved by the rules of before, and by the book again."""
