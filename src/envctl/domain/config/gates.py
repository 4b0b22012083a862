"""The tables `[environments.ENV.gates]` and `[environments.ENV.allow]`: requirements and permissions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from envctl.domain.config.fields import Count, Duration, Flag, GuardCode, Name, PersonPattern, Section
from envctl.domain.config.rules.environment_rules import Rehearsed

if TYPE_CHECKING:
    from envctl.domain.config.rules.windows import Window


class WindowTable(Section):
    """A change window: `start` to `end` once, or `days` with `from` and `to` every week."""

    kind: Literal["allow", "deny"]
    name: str
    start: str | None = None
    end: str | None = None
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    begin: str | None = Field(default=None, alias="from")
    until: str | None = Field(default=None, alias="to")
    tz: str = "UTC"

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        self.to_window()
        return self

    def to_window(self) -> "Window":
        """Return the window. Raises ValueError for an invalid combination of keys."""
        from envctl.domain.config.rules import windows

        if not windows.is_known_zone(self.tz):
            raise ValueError(f'has an unknown time zone {self.tz!r}; write it like "Europe/Berlin"')
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

    approvals: Mapping[Name, Count] | None = None  # people by gate; None: the default gates, and none for the entry
    reviewers: Name | None = None  # gate of GitHub reviewers of the job
    self_approval: Flag = False
    expires: Duration | None = None
    soak: Duration = timedelta()
    max_age: Duration | None = None
    windows: Annotated[tuple[WindowTable, ...], AfterValidator(_check_windows)] = ()
    waivable: tuple[GuardCode, ...] = ()
    committed: Flag = False
    rehearsed: Rehearsed = "warn"


class Allow(Section):
    """Permissions: patterns of caller ARNs, GitHub logins or teams. Without a pattern, any credentials will do."""

    apply: tuple[PersonPattern, ...] = ()
    approve: Mapping[Name, tuple[PersonPattern, ...]] = {}
    only_ci: Flag = False
