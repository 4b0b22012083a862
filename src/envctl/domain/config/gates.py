"""The tables `[environments.ENV.gates]` and `[environments.ENV.allow]`: requirements and permissions."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from envctl.domain.config.fields import (
    Count,
    Duration,
    Flag,
    MachinePattern,
    Name,
    PersonPattern,
    Section,
    WaivableGuard,
)
from envctl.domain.config.rules.rule_text import RuleText

if TYPE_CHECKING:
    from envctl.domain.config.rules.windows import Window

Rehearsed = Literal["off", "warn", "refuse"]

# Gates of an environment after the entry without `approvals`.
DEFAULT_GATES: Mapping[str, int] = {"peer": 1, "business": 1, "quality": 1}


class WindowTable(Section):
    """A change window: `start` to `end` once, or `days` with `from` and `to` every week."""

    kind: Literal["allow", "deny"]  # changes are allowed only in the window, or denied in it
    name: str  # name of the window in messages
    start: str | None = None  # local start, such as `2026-12-20T18:00`
    end: str | None = None  # local end
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None  # days of the week
    begin: str | None = Field(default=None, alias="from")  # local time of the start on each of these days
    until: str | None = Field(default=None, alias="to")  # local time of the end; `24:00` is the end of the day
    tz: str = "UTC"  # time zone, such as `Europe/Berlin`

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        self.to_window()
        return self

    @classmethod
    def from_recorded(cls, table: Mapping[str, Any]) -> Self:
        """Return a recorded window without validation: a stricter later envctl must not drop it. Raises KeyError."""
        names = {field.alias or name: name for name, field in cls.model_fields.items()}
        values: dict[str, Any] = {
            names[k]: tuple(each) if isinstance(each, list) else each for k, each in table.items()
        }
        return cls.model_construct(**values)

    def __str__(self) -> str:
        from envctl.domain.config.rules.windows import describe_window

        return describe_window(self.to_window())

    def to_window(self) -> "Window":
        """Return the window. Raises ValueError for an invalid combination of keys."""
        from envctl.domain.config.rules import windows

        if not windows.is_known_zone(self.tz):
            raise ValueError(f'has the unknown time zone {self.tz!r}; write it like "Europe/Berlin"')
        once, weekly = (self.start, self.end), (self.days, self.begin, self.until)
        if None not in once and weekly == (None, None, None):
            start, end = (windows.parse_moment(text or "") for text in once)
            return windows.AbsoluteWindow(self.kind, self.name, start, end, self.tz)
        if None not in weekly and once == (None, None):
            begin, until = windows.parse_time(self.begin or ""), windows.parse_end_time(self.until or "")
            return windows.WeeklyWindow(self.kind, self.name, self.days or (), begin, until, self.tz)
        raise ValueError("must have start and end, or days, from and to")


def _check_windows(tables: tuple[WindowTable, ...]) -> tuple[WindowTable, ...]:
    if not tables:
        return tables
    from envctl.domain.config.rules.windows import find_flaw

    if wrong := find_flaw([table.to_window() for table in tables]):
        index, why = wrong
        details = {"type": "value_error", "loc": (index,), "input": None, "ctx": {"error": ValueError(why)}}
        raise ValidationError.from_exception_data("windows", [details], hide_input=True)  # type: ignore[list-item]
    return tables


class Gates(Section):
    """Requirements on a release, and on the time of its deployment, before the environment takes it."""

    # approvals by gate, as a number of people; unset: one each of peer, business and quality, and none for the entry
    approvals: Mapping[Name, Count] = {}
    reviewers: Name = ""  # gate at which the reviewers of a GitHub job count; unset: the only gate
    # time that a release must have run, verified, in the environment before
    soak: Annotated[Duration, RuleText("Soak", "{} verified in the environment before")] = timedelta()
    # age that the verification in the environment before may have
    max_age: Annotated[Duration | None, RuleText("Proof", "at most {} old")] = None
    # age that an approval may have
    expires: Annotated[Duration | None, RuleText("Approvals", "hold for {}")] = None
    # who made or promotes a change may approve it too
    self_approval: Annotated[Flag, RuleText("Approvals", "its makers may approve it too")] = False
    # windows of time in which changes are allowed or denied
    windows: Annotated[tuple[WindowTable, ...], AfterValidator(_check_windows), RuleText("Windows")] = ()
    # a release must come from a committed working tree
    committed: Annotated[Flag, RuleText("Code", "committed only")] = False
    # what to do with actions of a plan that were never done in the environment before
    rehearsed: Annotated[
        Rehearsed,
        RuleText("Rehearsed", "only changes already done in the environment before", is_in_force="refuse".__eq__),
    ] = "warn"
    # guards that break-glass may override here, by code or name
    waivable: Annotated[tuple[WaivableGuard, ...], RuleText("Break-glass", "may waive {}", unset="waives nothing")] = ()
    # days after which a waiver without a review refuses the next deployment; unset: it is only named
    review_days: Annotated[Count | None, RuleText("Review", "of each waiver within {} days")] = None


DURATION_GATES = frozenset(
    name
    for name, field in Gates.model_fields.items()
    if {timedelta, Duration} & {field.annotation, *get_args(field.annotation)}
)


class Allow(Section):
    """Permissions: patterns of caller ARNs, GitHub logins or teams. Without a pattern, any credentials will do."""

    apply: tuple[PersonPattern, ...] = ()  # who may change the environment
    approve: Mapping[Name, tuple[PersonPattern, ...]] = {}  # who may approve, by gate
    only_ci: Flag = False  # only jobs of CI may change it
    # what may change it without a person: `schedule`, and bots that start a run, by their exact names
    machines: tuple[MachinePattern, ...] = ()


def find_default_gates(order: Sequence[str], environment: str) -> Mapping[str, int]:
    """Return the gates of an environment without `approvals`: none for the entry, the default gates after it. The
    position after the entry does not matter: a second prod has the same gates as the first.
    """
    return DEFAULT_GATES if environment in order[1:] else {}
