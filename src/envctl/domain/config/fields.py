"""What the values of the project file may look like: each type says in words what is wrong."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from envctl.domain.config.plain_values import check_plain
from envctl.domain.config.rules.environment_rules import GUARD_CODES, NEVER_WAIVED
from envctl.domain.text.durations import parse as duration
from envctl.domain.text.identifiers import NAME
from envctl.domain.text.suggestions import nearest

PLACEHOLDERS = ("project", "environment", "account_id", "region")
SHORTEST_SESSION, LONGEST_SESSION = timedelta(minutes=15), timedelta(hours=12)


def _matching(pattern: str, wanted: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"must be {wanted}")
        return text

    return AfterValidator(check)


def template(text: str) -> str:
    """A text with placeholders. A ValueError's message continues a sentence that begins with the key."""
    placeholders = [f"{{{name}}}" for name in PLACEHOLDERS]
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


Name = Annotated[str, _matching(NAME, "a lower-case letter and up to 31 more of a-z, 0-9, _ and -")]
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
PlanKey = Annotated[
    str, _matching(r"[\w-]+(\.[\w-]+)*", 'a key of a plan as E351 names it, such as "resource_changes.change.KEY"')
]
Url = Annotated[
    str, _matching(r"[a-z][a-z0-9+.-]*://.+", 'a URL such as "file://.envctl/store" or "s3://bucket/prefix"')
]
Profile = Annotated[str, _matching(r"[\w.@ +=,/-]{1,128}", "the name of an AWS profile")]
ExternalId = Annotated[
    str, _matching(r"[\w+=,.@:/-]{2,1224}", "an external id of 2 to 1224 of A-Z, a-z, 0-9 and +=,.@:/-_")
]
SessionTag = Annotated[
    str, _matching(r"[\w .:/=+@-]{1,128}", "a tag of up to 128 letters, digits, spaces and .:/=+@-_")
]
KmsKey = Annotated[
    str,
    _matching(
        r"alias/[\w/-]{1,250}|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(alias/[\w/-]{1,250}|key/[\w-]+)",
        'a KMS key: "alias/NAME" in the environment\'s account, or an ARN',
    ),
]
VariablePattern = Annotated[
    str, _matching(r"[A-Za-z_*][\w*-]*", 'the name of a Terraform variable, or a pattern such as "*_secret_name"')
]
PersonPattern = Annotated[
    str,
    _matching(
        r"arn:[^\s]+|github:[\w*\[\]-]+|github-team:[\w*.-]+/[\w*.-]+",
        'an ARN such as "arn:aws:iam::333333333333:role/OperatorRole", "github:NAME" or "github-team:ORG/TEAM"',
    ),
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
    from envctl.domain.plan.drift import Ignore

    Ignore.parse(text)
    return text


def _session(text: object) -> timedelta:
    found = _duration(text)
    if not SHORTEST_SESSION <= found <= LONGEST_SESSION:
        raise ValueError("must be from 15m to 12h: AWS gives no other sessions")
    return found


def _plain(value: object) -> object:
    check_plain(value, "no provider")
    return value


ProviderValue = Annotated[Any, AfterValidator(_plain)]
Bucket = Annotated[str, AfterValidator(template)]
Repository = Annotated[str, AfterValidator(template)]
Folder = Annotated[str, AfterValidator(_folder)]
SessionDuration = Annotated[timedelta, BeforeValidator(_session)]
IgnoreRule = Annotated[str, AfterValidator(_ignore)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
GuardCode = Annotated[str, AfterValidator(_guard)]


class Section(BaseModel):
    # One validator is built, that of the whole project: tables within tables need none of their own.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)
