"""What guards are asked: a pipeline in which all is well, to be changed in one point at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from envctl.domain.config.gates import WindowTable
from envctl.domain.config.project import Pipeline
from envctl.domain.config.rules.windows import Window
from envctl.domain.guards import GUARDS, Refusal, Request
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import Approval, Debt, Deployment, EnvironmentState, Evidence, LedgerState
from envctl.domain.plan.changes import Action, AttributeChange, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.rules.environment_rules import Rules

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TICK = timedelta(microseconds=1)
# Ann wrote the releases, and Bob is who asks.
ANN, BOB, CAT, DAN = Actor("ann"), Actor("bob"), Actor("cat"), Actor("dan")
PLACE = "place"
R1, R2 = "1" * 64, "2" * 64


def deployed(release: str = R1, **more: Any) -> Deployment:
    done = Deployment(
        seq=2,
        release=release,
        settings="settings",
        action="apply",
        source="",
        by=ANN,
        started_at=NOW - 2 * HOUR,
        outcome="succeeded",
        ended_at=NOW - 2 * HOUR,
        place=PLACE,
    )
    return replace(done, **more)


def proof(release: str = R1, **more: Any) -> Evidence:
    """It has run for an hour, verified."""
    return replace(Evidence(deployment=deployed(release), verified_at=NOW - HOUR, since=NOW - HOUR), **more)


def ran(*releases: str) -> EnvironmentState:
    """An environment that ran these releases, each to its end and verified; the last of them still."""
    done = [deployed(release, seq=number) for number, release in enumerate(releases, 2)]
    evidence = {each.release: Evidence(deployment=each, verified_at=NOW - DAY, longest=HOUR) for each in done[:-1]}
    now = {done[-1].release: Evidence(deployment=done[-1], verified_at=NOW - HOUR, since=NOW - HOUR)}
    return EnvironmentState(current=done[-1], last=done[-1], evidence=evidence | now)


def made(release: str, seq: int, **more: Any) -> KnownRelease:
    return replace(
        KnownRelease(release=release, seq=seq, at=NOW - DAY, by=ANN, commit="c0ffee", uncommitted=False, author="ann"),
        **more,
    )


PROMOTION = Request(
    action="promote",
    pipeline=Pipeline(("dev", "staging", "prod")),
    target="staging",
    source="dev",
    release=R1,
    settings="settings",
    bundle="intact",
    present=LedgerState(
        seq=9, releases={R1: made(R1, 1), R2: made(R2, 2)}, environments={"dev": ran(R1), "staging": ran(R1)}
    ),
    actor=BOB,
    now=NOW,
    rules=Rules(),
    place=PLACE,
)
TO_PROD = replace(PROMOTION, target="prod", source="staging")
ENTRY = replace(PROMOTION, action="apply", target="dev", source=None)
SAME_CODE = replace(PROMOTION, action="apply", source=None)
DESTRUCTION = replace(PROMOTION, action="destroy", source=None)


def with_environment(request: Request, environment: str, found: EnvironmentState) -> Request:
    environments = {**request.present.environments, environment: found}
    return replace(request, present=replace(request.present, environments=environments))


def here(request: Request, **changes: Any) -> Request:
    """The target is otherwise."""
    return with_environment(request, request.target, replace(request.target_state, **changes))


def there(request: Request, **changes: Any) -> Request:
    """The source is otherwise."""
    return with_environment(request, request.source or "", replace(request.source_state, **changes))


BACK = with_environment(replace(PROMOTION, action="rollback", source=None), "staging", ran(R1, R2))


class FixedWindow(WindowTable):
    """A window to the microsecond, which no text says."""

    window: Any

    def to_window(self) -> Window:
        return cast("Window", self.window)


def ruled(request: Request, **rules: Any) -> Request:
    if "windows" in rules:
        rules["windows"] = tuple(FixedWindow.model_construct(window=each) for each in rules["windows"])
    return replace(request, rules=request.rules.model_copy(update=rules))


def approval(by: Actor, gate: str = "peer", **more: Any) -> Approval:
    return replace(Approval(gate=gate, release=R1, settings="settings", by=by, at=NOW - HOUR, place=PLACE), **more)


def debt(**more: Any) -> Debt:
    """Bob used a waiver, which Ann gave."""
    used = Debt(
        waiver=7,
        release=R1,
        by=BOB,
        at=NOW - HOUR,
        reason="it burns",
        guards=("G104",),
        refusals=("too short",),
        given=6,
        giver=ANN,
    )
    return replace(used, **more)


def change(action: Action, address: str = "aws_vpc.main", **values: object) -> ResourceChange:
    attributes = tuple(AttributeChange(path, None, value) for path, value in values.items())
    return ResourceChange(address=address, type=address.partition(".")[0], action=action, attributes=attributes)


def plan(*resources: ResourceChange, stack: str = "network") -> EnvironmentPlan:
    return EnvironmentPlan(environment="staging", release=R1, stacks=(StackPlan(stack, resources=resources),))


def answer(code: str, request: Request) -> Refusal | None:
    """What the guard with this code says. Whatever that is, a no names its guard and the next command."""
    (guard,) = (guard for guard in GUARDS if guard.code == code)
    refusal = guard.check(request)
    assert refusal is None or (refusal.code, refusal.guard) == (guard.code, guard.code.guard)
    assert refusal is None or "envctl " in refusal.hint, f"no command in {refusal.hint!r}"
    return refusal


def said(code: str, request: Request) -> str:
    """What it says no with; nothing where it says yes."""
    refusal = answer(code, request)
    return refusal.message if refusal else ""
