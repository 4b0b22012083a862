"""The project file: pipeline, environments, stacks, gates. A key that is not known is refused, never ignored."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    model_validator,
)

from envctl.domain.checks_table import Check, with_kind
from envctl.domain.durations import parse as duration
from envctl.domain.nearest import nearest
from envctl.domain.pipeline import Pipeline
from envctl.domain.references import Reference
from envctl.domain.rules import GUARD_CODES, NEVER_WAIVED, USUAL_GATES, Rehearsed, Rules

if TYPE_CHECKING:
    from envctl.domain.windows import Window

BUCKET_PLACEHOLDERS = ("project", "environment", "account_id", "region")


def _matching(pattern: str, wanted: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"must be {wanted}")
        return text

    return AfterValidator(check)


def _bucket(text: str) -> str:
    placeholders = [f"{{{name}}}" for name in BUCKET_PLACEHOLDERS]
    rest = text
    for placeholder in placeholders:
        rest = rest.replace(placeholder, "")
    if not text or {"{", "}"} & set(rest):
        raise ValueError(f"may hold {', '.join(placeholders)} and no other braces")
    return text


def _folder(text: str) -> str:
    parts = text.split("/")
    if text.startswith("/") or ".." in parts or not text.strip("./") or "\\" in text or ":" in text:
        raise ValueError('must be a folder of the project, such as "modules/vpc"')
    return text


Name = Annotated[str, _matching(r"[a-z][a-z0-9_-]{0,31}", "a lower-case letter and up to 31 more of a-z, 0-9, _ and -")]
ResourceType = Annotated[str, _matching(r"[a-z][a-z0-9_]*", 'a resource type such as "aws_db_instance"')]
VariableName = Annotated[str, _matching(r"[A-Za-z_][\w-]*", "the name of a Terraform variable")]
AccountId = Annotated[str, _matching(r"\d{12}", "an AWS account id of 12 digits, in quotes")]
Region = Annotated[str, _matching(r"[a-z]{2}(-[a-z]+)+-\d+", 'an AWS region such as "ap-northeast-1"')]
Role = Annotated[
    str,
    _matching(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", 'a role such as "arn:aws:iam::111111111111:role/NAME"'),
]
Constraint = Annotated[
    str,
    _matching(
        r"\s*(=|!=|>=?|<=?|~>)?\s*\d+(\.\d+){0,2}\S*(\s*,\s*(=|!=|>=?|<=?|~>)?\s*\d+(\.\d+){0,2}\S*)*\s*",
        'a version constraint such as ">= 1.10"',
    ),
]
Url = Annotated[
    str, _matching(r"[a-z][a-z0-9+.-]*://.+", 'a URL such as "file://.envctl/store" or "s3://bucket/prefix"')
]
HttpUrl = Annotated[str, _matching(r"https?://.+", 'a URL such as "http://127.0.0.1:5000"')]
Count = Annotated[int, Strict(), Field(ge=1)]
CountOrNone = Annotated[int, Strict(), Field(ge=0)]
Flag = Annotated[bool, Strict()]


def _duration(text: object) -> timedelta:
    if not isinstance(text, str):
        raise ValueError('must be a duration in quotes, such as "30m", "24h" or "14d"')  # noqa: TRY004 (pydantic wants it)
    return duration(text)


def _guard(text: str) -> str:
    code = GUARD_CODES.get(text, text)
    if code not in GUARD_CODES.values():
        near = nearest(text, {*GUARD_CODES, *GUARD_CODES.values()})
        meant = f" (did you mean {near}?)" if near else ""
        raise ValueError(f"must be the code or the name of a guard, such as G104 or soak; not {text!r}{meant}")
    if code in NEVER_WAIVED:
        raise ValueError(f"must not hold {text}, which nobody can waive: {NEVER_WAIVED[code]}")
    return code


def _ignore(text: str) -> str:
    # Most projects have no such rule, and need not know what drift is.
    from envctl.domain.drift import Ignore

    Ignore.parse(text)
    return text


IgnoreRule = Annotated[str, AfterValidator(_ignore)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
GuardCode = Annotated[str, AfterValidator(_guard)]


class Section(BaseModel):
    # One validator is built, that of the whole project: tables within tables need none of their own.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Identity(Section):
    name: Name


class Terraform(Section):
    version: Constraint = ">= 1.10"
    binary: str | None = None


class Store(Section):
    url: Url = "file://.envctl/store"


class State(Section):
    backend: Literal["local", "s3"] = "local"
    bucket: Annotated[str, AfterValidator(_bucket)] = "{project}-tfstate-{account_id}"


class Order(Section):
    order: Annotated[tuple[Name, ...], Field(min_length=1)]


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
        from envctl.domain import windows

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
    from envctl.domain.windows import flaw

    if wrong := flaw([table.window() for table in tables]):
        index, why = wrong
        details = {"type": "value_error", "loc": (index,), "input": None, "ctx": {"error": ValueError(why)}}
        raise ValidationError.from_exception_data("windows", [details], hide_input=True)  # type: ignore[list-item]
    return tables


class Gates(Section):
    """What must be true of a release, and of the moment, before the environment takes it.

    `approvals` says how many people each gate asks for; None stands for what is usual in that place of the pipeline.
    """

    approvals: Mapping[Name, Count] | None = None
    self_approval: Flag = False
    expires: Duration | None = None
    soak: Duration = timedelta()
    max_age: Duration | None = None
    windows: Annotated[tuple[WindowTable, ...], AfterValidator(_some_day_open)] = ()
    waivable: tuple[GuardCode, ...] = ()
    committed: Flag = False
    rehearsed: Rehearsed = "warn"


class DriftTable(Section):
    """What of an environment may differ from the state: other things than Terraform change it, and shall."""

    ignore: tuple[IgnoreRule, ...] = ()


class Environment(Section):
    account_id: AccountId | None = None
    region: Region | None = None
    assume_role: Role | None = None
    protected: Flag = False
    max_destroys: CountOrNone = 5
    gates: Gates = Gates.model_construct()
    drift: DriftTable = DriftTable.model_construct()


class Stack(Section):
    module: Annotated[str, AfterValidator(_folder)]
    inputs: Mapping[VariableName, str] = {}

    def references(self) -> dict[str, Reference]:
        """The variables that are wired, and where each value comes from."""
        return {variable: Reference.parse(text) for variable, text in self.inputs.items()}


class Artifact(Section):
    variable: VariableName
    kind: Literal["oci", "string"]


class Parity(Section):
    """The settings in which an environment may differ from the one before it; all others must be equal in the last two
    environments of the pipeline.
    """

    may_differ: tuple[VariableName, ...] = ()


class Protection(Section):
    """Types of resources that hold data, beside those that envctl knows."""

    stateful: tuple[ResourceType, ...] = ()


class Sandbox(Section):
    endpoint_url: HttpUrl | None = None


def _with_kinds(checks: object) -> object:
    if not isinstance(checks, Mapping):
        return checks
    return {name: with_kind(name, table) if isinstance(table, Mapping) else table for name, table in checks.items()}


class Project(Section):
    """The tables of envctl.toml. `load_project` checks as well what holds between tables."""

    identity: Identity = Field(alias="project")
    terraform: Terraform = Terraform.model_construct()
    store: Store = Store.model_construct()
    state: State = State.model_construct()
    order: Order = Field(alias="pipeline")
    environments: Mapping[Name, Environment]
    stacks: Annotated[Mapping[Name, Stack], Field(min_length=1)]
    artifacts: Mapping[Name, Artifact] = {}
    providers: Mapping[str, Mapping[str, Any]] = {}
    checks: Annotated[Mapping[Name, Check], BeforeValidator(_with_kinds)] = {}
    parity: Parity | None = None
    protection: Protection = Protection.model_construct()
    sandbox: Sandbox = Sandbox.model_construct()

    @property
    def name(self) -> str:
        return self.identity.name

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(self.order.order)

    @property
    def entry(self) -> str:
        return self.pipeline.entry

    def before(self, environment: str) -> str | None:
        return self.pipeline.before(environment)

    def after(self, environment: str) -> str | None:
        return self.pipeline.after(environment)

    def rules(self, environment: str) -> Rules:
        """What the environment asks of whatever changes it."""
        from envctl.domain.stateful import STATEFUL

        there = self.environments[environment]
        gates, last = there.gates, self.pipeline.before(environment) and self.pipeline.after(environment) is None
        return Rules(
            approvals=gates.approvals if gates.approvals is not None else USUAL_GATES if last else {},
            self_approval=gates.self_approval,
            expires=gates.expires,
            soak=gates.soak,
            max_age=gates.max_age,
            windows=tuple(table.window() for table in gates.windows),
            waivable=frozenset(gates.waivable),
            committed=gates.committed,
            rehearsed=gates.rehearsed,
            may_differ=frozenset(self.parity.may_differ) if self.parity and last else None,
            protected=there.protected,
            max_destroys=there.max_destroys,
            stateful=STATEFUL | frozenset(self.protection.stateful),
        )
