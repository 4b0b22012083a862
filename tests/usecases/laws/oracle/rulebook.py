"""What the project file asks of staging and prod, as the actors write it and as the oracle understands it: in words of
its own.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

ORDER = ("dev", "staging", "prod")
NEW_NAMES = {"staging": "stage", "prod": "production"}
"""What an environment is called once it was renamed."""
KINDS = {**{name: name for name in ORDER}, **{new: old for old, new in NEW_NAMES.items()}}
"""Which of the three an environment is, by its name."""
ALL_CHECKS = frozenset({"smoke", "front", "deep"})
WINDOWS = """windows = [
  { kind = "deny", name = "year end", start = "2026-12-20T00:00", end = "2027-01-04T00:00", tz = "Asia/Tokyo" },
  { kind = "deny", name = "friday", days = ["fri"], from = "16:00", to = "24:00", tz = "Europe/Berlin" },
]
"""
ROLE = "arn:aws:iam::333333333333:role/Approver"
JOBS = ("github:cat", "github:dan")
Vouched = Literal["", "role", "job", "schedule"]
"""Who says that a person is who they say: AWS, in the role of those who approve, or GitHub, for a job; or nobody. A
schedule is known to GitHub, and is no person.
"""
Account = frozenset[tuple[str, str]]
NOWHERE: Account = frozenset()


@dataclass(frozen=True)
class Rules:
    """What is asked of one environment. `approvers` says that only people in a role, or in jobs of CI, may approve for
    the business.
    """

    gates: tuple[tuple[str, int], ...] = ()
    self_approval: bool = False
    expires: timedelta | None = None
    soak: timedelta = timedelta()
    max_age: timedelta | None = None
    committed: bool = False
    windows: bool = False
    protected: bool = False
    max_destroys: int = 5
    waivable: frozenset[str] = frozenset()
    approvers: Vouched = ""
    only_ci: bool = False

    def write(self, name: str) -> str:
        """The keys and sections of the environment in the project file, but for where it is."""
        return "\n".join(line for line in self._lines(name) if line) + "\n"

    def _lines(self, name: str) -> Iterator[str]:
        yield f"protected = {_flag(self.protected)}"
        yield f"max_destroys = {self.max_destroys}"
        yield f"[environments.{name}.gates]"
        yield f"approvals = {{ {', '.join(f'{gate} = {count}' for gate, count in self.gates)} }}"
        yield f"self_approval = {_flag(self.self_approval)}"
        yield f'expires = "{_hours(self.expires)}"' if self.expires else ""
        yield f'soak = "{_hours(self.soak)}"' if self.soak else ""
        yield f'max_age = "{_hours(self.max_age)}"' if self.max_age else ""
        yield f"committed = {_flag(self.committed)}"
        yield f"waivable = {json.dumps(sorted(self.waivable))}"
        yield WINDOWS if self.windows else ""
        yield f"[environments.{name}.allow]"
        yield f"only_ci = {_flag(self.only_ci)}"
        if self.approvers and dict(self.gates).get("business"):
            patterns = [ROLE] if self.approvers == "role" else list(JOBS)
            yield f"approve = {{ business = {json.dumps(patterns)} }}"


PROD = Rules(
    gates=(("peer", 1), ("business", 2)),
    expires=timedelta(hours=8),
    soak=timedelta(hours=24),
    max_age=timedelta(days=14),
    committed=True,
    windows=True,
    protected=True,
    max_destroys=1,
)


@dataclass(frozen=True)
class Document:
    """All that is asked of one environment. `order` are the environments before it, None where it stands beside the
    pipeline; `checks` are those that run in the one right before.
    """

    order: tuple[str, ...] | None
    rules: Rules
    checks: frozenset[str]
    account: Account = NOWHERE

    @property
    def before(self) -> str:
        """The environment right before; empty for the entry, and beside the pipeline."""
        return self.order[-1] if self.order else ""

    @property
    def is_entry(self) -> bool:
        return self.order == ()

    @property
    def is_guarded(self) -> bool:
        return self.rules.protected or bool(self.rules.gates)

    def can_hold_beside(self, recorded: "Document") -> bool:
        """Whether both can be satisfied at once: neither the account nor the way of the code is another one."""
        account, before = dict(self.account), dict(recorded.account)
        if any(account.get(key) != value for key, value in before.items()):
            return False
        if self.order is None or recorded.order is None:
            return self.order == recorded.order
        rest = iter(self.order)
        return self.order[-1:] == recorded.order[-1:] and all(name in rest for name in recorded.order)


@dataclass(frozen=True)
class Asked:
    """What the project file asks. `checks` are those that staging runs. `renamed` are the environments that have their
    new name, `gone` those that it does not have any more, and `beside` says that prod is no step of the pipeline.
    """

    prod: Rules = PROD
    staging: Rules = field(default_factory=Rules)
    checks: frozenset[str] = ALL_CHECKS
    order: tuple[str, ...] = ORDER
    renamed: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    beside: bool = False

    def name(self, kind: str) -> str:
        """How an environment is called, whether the project has it or not."""
        return NEW_NAMES[kind] if kind in self.renamed else kind

    @property
    def pipeline(self) -> tuple[str, ...]:
        out = self.gone | ({"prod"} if self.beside else frozenset())
        return tuple(self.name(kind) for kind in self.order if kind not in out)

    @property
    def environments(self) -> tuple[str, ...]:
        return (*self.pipeline, *self.outside)

    @property
    def outside(self) -> tuple[str, ...]:
        """Those beside the pipeline."""
        return (self.name("prod"),) if self.beside and "prod" not in self.gone else ()

    def before(self, environment: str) -> str:
        """The environment right before; empty for the entry, and for what is no step of the pipeline."""
        return self.document(environment).before

    def rules(self, environment: str) -> Rules:
        return {"staging": self.staging, "prod": self.prod}.get(KINDS[environment], Rules())

    def checks_of(self, environment: str) -> frozenset[str]:
        if environment in self.outside:
            return frozenset()
        return self.checks if KINDS[environment] == "staging" else self.checks - {"deep"}

    def document(self, environment: str, account: Account = NOWHERE) -> Document:
        rules = self.rules(environment)
        if "business" not in dict(rules.gates):
            rules = replace(rules, approvers="")
        if environment not in self.pipeline:
            return Document(None, rules, frozenset(), account)
        order = self.pipeline[: self.pipeline.index(environment)]
        return Document(order, rules, self.checks_of(order[-1]) if order else frozenset(), account)

    def edit(self, kind: str, change: Callable[[Rules], Rules]) -> "Asked":
        """The same with other rules of staging or prod."""
        return replace(self, **{kind: change(self.rules(kind))})  # type: ignore[arg-type]


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _hours(time: timedelta) -> str:
    return f"{int(time.total_seconds() // 3600)}h"
