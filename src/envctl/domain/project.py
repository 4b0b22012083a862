"""The project file: pipeline, environments, stacks, gates. A key that is not known is refused, never ignored."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

from envctl.domain.pipeline import Pipeline
from envctl.domain.references import Reference

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


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


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


class Gates(Section):
    """How many approvals each gate asks for, and whether who made the release may give one."""

    approvals: Mapping[Name, Count] = {}
    self_approval: Annotated[bool, Strict()] = False


class Environment(Section):
    account_id: AccountId | None = None
    region: Region | None = None
    assume_role: Role | None = None
    gates: Gates = Gates()


class Stack(Section):
    module: Annotated[str, AfterValidator(_folder)]
    inputs: Mapping[VariableName, str] = {}

    def references(self) -> dict[str, Reference]:
        """The variables that are wired, and where each value comes from."""
        return {variable: Reference.parse(text) for variable, text in self.inputs.items()}


class Artifact(Section):
    variable: VariableName
    kind: Literal["oci", "string"]


class Sandbox(Section):
    endpoint_url: HttpUrl | None = None


class Project(Section):
    """The tables of envctl.toml. `load_project` checks as well what holds between tables."""

    identity: Identity = Field(alias="project")
    terraform: Terraform = Terraform()
    store: Store = Store()
    state: State = State()
    order: Order = Field(alias="pipeline")
    environments: Mapping[Name, Environment]
    stacks: Annotated[Mapping[Name, Stack], Field(min_length=1)]
    artifacts: Mapping[Name, Artifact] = {}
    providers: Mapping[str, Mapping[str, Any]] = {}
    sandbox: Sandbox = Sandbox()

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
