"""The tables `[environments.ENV.gates]` and `[environments.ENV.allow]`: what must be true, and who may."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from envctl.domain.config.fields import Count, Duration, Flag, GuardCode, Name, PersonPattern, Section
from envctl.domain.config.rules.environment_rules import Rehearsed

if TYPE_CHECKING:
    from envctl.domain.config.rules.windows import Window


class WindowTable(Section):
    """A time in which an environment may, or may not, be changed: `start` to `end` once, or `days` from `from` to `to`
    every week.
    """

    kind: Literal["allow", "deny"]
    name: str
    start: str | None = None
    end: str | None = None
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    begin: str | None = Field(default=None, alias="from")
    until: str | None = Field(default=None, alias="to")
    tz: str = "UTC"

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        self.window()
        return self

    def window(self) -> "Window":
        """Raises ValueError where the keys do not make one."""
        from envctl.domain.config.rules import windows

        if not windows.known_zone(self.tz):
            raise ValueError(f'has an unknown time zone {self.tz!r}; write it like "Europe/Berlin"')
        once, weekly = (self.start, self.end), (self.days, self.begin, self.until)
        if None not in once and weekly == (None, None, None):
            start, end = (windows.local_moment(text or "") for text in once)
            return windows.Absolute(self.kind, self.name, start, end, self.tz)
        if None not in weekly and once == (None, None):
            begin, until = windows.local_time(self.begin or ""), windows.local_end(self.until or "")
            return windows.Weekly(self.kind, self.name, self.days or (), begin, until, self.tz)
        raise ValueError("must have start and end, or days, from and to")


def _some_day_open(tables: tuple[WindowTable, ...]) -> tuple[WindowTable, ...]:
    if not tables:
        return tables
    from envctl.domain.config.rules.windows import flaw

    if wrong := flaw([table.window() for table in tables]):
        index, why = wrong
        details = {"type": "value_error", "loc": (index,), "input": None, "ctx": {"error": ValueError(why)}}
        raise ValidationError.from_exception_data("windows", [details], hide_input=True)  # type: ignore[list-item]
    return tables


class Gates(Section):
    """What must be true of a release, and of the moment, before the environment takes it.

    `approvals` says how many people each gate asks for; None stands for the usual gates, and no gate where code enters.
    `reviewers` is the gate at which those count who let a job of GitHub Actions into the environment of that name.
    """

    approvals: Mapping[Name, Count] | None = None
    reviewers: Name | None = None
    self_approval: Flag = False
    expires: Duration | None = None
    soak: Duration = timedelta()
    max_age: Duration | None = None
    windows: Annotated[tuple[WindowTable, ...], AfterValidator(_some_day_open)] = ()
    waivable: tuple[GuardCode, ...] = ()
    committed: Flag = False
    rehearsed: Rehearsed = "warn"


class Allow(Section):
    """Who may do what: patterns on the caller's ARN, on GitHub's actor, or on a team of the actor's. No pattern for an
    act means that whoever has the credentials may do it.
    """

    apply: tuple[PersonPattern, ...] = ()
    approve: Mapping[Name, tuple[PersonPattern, ...]] = {}
    only_ci: Flag = False
