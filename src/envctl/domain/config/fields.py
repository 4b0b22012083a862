"""Types of values in the project file, each explaining its faults; and faults found by checks across its tables."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import dropwhile
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from envctl.domain.config.ci_package import KUBERNETES_PATTERN, PACKAGE_PATTERN
from envctl.domain.config.plain_values import check_plain_value, to_exact_value
from envctl.domain.config.rules.guard_codes import NEVER_WAIVED, GuardCode
from envctl.domain.text.durations import parse_duration
from envctl.domain.text.identifiers import NAME_PATTERN, PROVIDER_NAME_PATTERN, VALUE_PATH_PATTERN
from envctl.domain.text.suggestions import find_nearest

TomlPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """A problem with the path of its key. The reader of the file adds the line."""

    code: str
    message: str
    hint: str
    path: TomlPath


def find_table(value: object, *keys: str) -> Mapping[str, object]:
    """Return the table under these keys of a raw document; empty if missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def list_texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


PLACEHOLDERS = ("project", "environment", "account_id", "region")
CLUSTER_PLACEHOLDERS = ("environment", "project")
STATE_PLACEHOLDERS = ("project", "env", "environment", "stack", "account_id", "region")
SHORTEST_SESSION, LONGEST_SESSION = timedelta(minutes=15), timedelta(hours=12)


def require(is_valid: Callable[[Any], object], message: str, pattern: str = "") -> AfterValidator:
    """Return the validator of a rule, a pattern in the JSON Schema. Its message continues a sentence after the key."""

    def check_rule(value: Any) -> Any:  # noqa: ANN401 (any type of field)
        if not is_valid(value):
            raise ValueError(message)
        return value

    check_rule.pattern = pattern  # type: ignore[attr-defined]
    return AfterValidator(check_rule)


def match_text(pattern: str, wanted: str) -> AfterValidator:
    # Compiled with the first value: a project has values for few of the keys.
    return require(lambda value: re.fullmatch(pattern, value, re.ASCII), f"must be {wanted}", pattern)


def check_template(text: str, known: Sequence[str] = PLACEHOLDERS) -> str:
    """Return the text if its placeholders are known. The message of its ValueError continues a sentence."""
    placeholders = [f"{{{name}}}" for name in known]
    rest = text
    for placeholder in placeholders:
        rest = rest.replace(placeholder, "")
    if not text or {"{", "}"} & set(rest):
        raise ValueError(f"may contain {', '.join(placeholders)} and no other braces")
    return text


def _check_state_role(value: object) -> object:
    if value is False or (isinstance(value, str) and value) or (isinstance(value, Mapping) and value):
        return check_plain_value(value, "no backend")
    raise ValueError("must be the ARN of a role, a table with role_arn, or false for your own credentials")


def _check_folder(text: str) -> str:
    parts = text.split("/")
    # Only at its beginning: one spelling for one folder.
    inside = list(dropwhile(lambda part: part == "..", parts))
    if text.startswith("/") or ".." in inside or not text.strip("./") or "\\" in text or ":" in text:
        raise ValueError('must be a folder, such as "modules/vpc", or "../modules/vpc" in the same git repository')
    return text


def _check_overlay(text: str) -> str:
    _check_folder(text.replace("{environment}", "environment"))
    return check_template(text, ("environment",))


def _check_namespace(text: str) -> str:
    plain = check_template(text, CLUSTER_PLACEHOLDERS)
    for name in CLUSTER_PLACEHOLDERS:
        plain = plain.replace(f"{{{name}}}", "x")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", plain, re.ASCII):
        raise ValueError('must be the name of a namespace, such as "shop" or "shop-{environment}"')
    return text


Name = Annotated[str, match_text(NAME_PATTERN, "a lower-case letter and up to 31 more of a-z, 0-9, _ and -")]
ResourceType = Annotated[str, match_text(r"[a-z][a-z0-9_]*", 'a resource type such as "aws_db_instance"')]
VariableName = Annotated[str, match_text(r"[A-Za-z_][\w-]*", "the name of a Terraform variable")]
VariablePath = Annotated[
    str,
    match_text(
        VALUE_PATH_PATTERN,
        'the name of a Terraform variable, or a path in the values of a chart, such as "controller.replicaCount"',
    ),
]
SettingName = Annotated[
    str, match_text(rf"(?:{NAME_PATTERN}\.)?[A-Za-z_][\w-]*", 'the name of a Terraform variable, or "STACK.VARIABLE"')
]
AccountId = Annotated[str, match_text(r"\d{12}", "an AWS account id of 12 digits, in quotes")]
REGION_PATTERN = r"[a-z]{2,4}(-[a-z]+)+-\d+"
Region = Annotated[str, match_text(REGION_PATTERN, 'an AWS region such as "ap-northeast-1"')]
Role = Annotated[
    str,
    match_text(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", 'a role such as "arn:aws:iam::111111111111:role/NAME"'),
]
Constraint = Annotated[
    str,
    match_text(
        r"\s*(=|!=|>=?|<=?|~>)?\s*\d+(\.\d+){0,2}\S*(\s*,\s*(=|!=|>=?|<=?|~>)?\s*\d+(\.\d+){0,2}\S*)*\s*",
        'a version constraint such as ">= 1.10"',
    ),
]
PlanKey = Annotated[
    str, match_text(r"[\w-]+(\.[\w-]+)*", 'a key of a plan as E351 names it, such as "resource_changes.change.KEY"')
]
Url = Annotated[
    str, match_text(r"[a-z][a-z0-9+.-]*://.+", 'a URL such as "file://.envctl/store" or "s3://bucket/prefix"')
]
Profile = Annotated[str, match_text(r"[\w.@ +=,/-]{1,128}", "the name of an AWS profile")]
ExternalId = Annotated[
    str, match_text(r"[\w+=,.@:/-]{2,1224}", "an external id of 2 to 1224 of A-Z, a-z, 0-9 and +=,.@:/-_")
]
SessionTag = Annotated[
    str, match_text(r"[\w .:/=+@-]{1,128}", "a tag of up to 128 letters, digits, spaces and .:/=+@-_")
]
KmsKey = Annotated[
    str,
    match_text(
        r"alias/[\w/-]{1,250}|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(alias/[\w/-]{1,250}|key/[\w-]+)",
        'a KMS key: "alias/NAME" in the environment\'s account, or an ARN',
    ),
]
VariablePattern = Annotated[
    str, match_text(r"[A-Za-z_*][\w*-]*", 'the name of a Terraform variable, or a pattern such as "*_secret_name"')
]
SettingPattern = Annotated[
    str,
    match_text(
        r"[A-Za-z_*][\w*-]*(\.[\w*-]+)*",
        'the name of a setting, of an attribute such as "limits.hard", or a pattern such as "legacy_*"',
    ),
]
PersonPattern = Annotated[
    str,
    match_text(
        r"arn:[^\s]+|github:[\w*\[\]-]+|github-team:[\w*.-]+/[\w*.-]+|gitlab:[\w*.-]+",
        'an ARN such as "arn:aws:iam::333333333333:role/OperatorRole", "github:NAME", "github-team:ORG/TEAM" or'
        ' "gitlab:NAME"',
    ),
]
MachinePattern = Annotated[
    str,
    match_text(
        r"schedule|github:[\w\[\]-]+|gitlab:[\w.-]+",
        '"schedule", or the exact name of a bot such as "github:deployer[bot]" or "gitlab:project_42_bot"',
    ),
]
ProviderName = Annotated[
    str,
    match_text(
        PROVIDER_NAME_PATTERN,
        'the name of a provider such as "datadog", or of one of its aliases such as "aws.us_east_1"',
    ),
]
EnvironmentVariable = Annotated[
    str, match_text(r"[A-Za-z_][A-Za-z0-9_]*", 'the name of an environment variable, such as "GITHUB_TOKEN"')
]
GITLAB_URL = "https://gitlab.com"
GITLAB_URL_PATTERN = r"https://[a-z0-9.-]+(:\d+)?(/[\w.-]+)*"
GitlabUrl = Annotated[
    str,
    match_text(
        GITLAB_URL_PATTERN,
        'the address of a GitLab, such as "https://gitlab.example.com", in small letters and without / at its end',
    ),
]
CiPackage = Annotated[
    str,
    match_text(
        PACKAGE_PATTERN,
        'envctl at a commit or by its hash: "git+https://HOST/OWNER/envctl@COMMIT" (40 hex digits),'
        ' "https://HOST/envctl_promotion-VERSION-py3-none-any.whl#sha256=HASH" or'
        ' "envctl-promotion==VERSION#sha256=HASH"',
    ),
]
CiKubernetesPackage = Annotated[
    str,
    match_text(
        KUBERNETES_PATTERN,
        'kube-api-emulator by its hash: "https://HOST/kube_api_emulator-VERSION-py3-none-any.whl#sha256=HASH" or'
        ' "kube-api-emulator==VERSION#sha256=HASH"',
    ),
]
ExactVersion = Annotated[str, match_text(r"\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?", 'a version such as "1.15.5"')]
Sha256 = Annotated[str, match_text(r"[0-9a-f]{64}", "a SHA-256 in 64 hex digits")]
Platform = Annotated[str, match_text(r"(linux|darwin)_(amd64|arm64)", 'a platform such as "linux_amd64"')]
HttpUrl = Annotated[str, match_text(r"https?://.+", 'a URL such as "http://127.0.0.1:5000"')]
ClusterName = Annotated[
    str,
    match_text(
        r"[A-Za-z_][\w.\[\]\"-]*|[A-Za-z0-9][\w-]*",
        'an output with the name of an EKS cluster, such as "eks.cluster_name", or that name without a dot',
    ),
]
FieldManager = Annotated[
    str, match_text(r"[\w.:/*-]{1,128}", 'the name of a field manager, such as "cert-manager-cainjector", or a pattern')
]
Count = Annotated[int, Strict(), Field(ge=1)]
CountOrNone = Annotated[int, Strict(), Field(ge=0)]
Flag = Annotated[bool, Strict()]


def parse_quoted_duration(text: object, examples: str = '"30m", "24h" or "14d"') -> timedelta:
    if not isinstance(text, str):
        raise ValueError(f"must be a duration in quotes, such as {examples}")  # noqa: TRY004 (pydantic wants it)
    return parse_duration(text)


def _parse_waivable_guard(text: str) -> GuardCode:
    try:
        code = GuardCode.parse(text)
    except ValueError:
        near = find_nearest(text, {word for each in GuardCode for word in (each.guard, each.value)})
        meant = f" (did you mean {near}?)" if near else ""
        message = f"must be the code or the name of a guard, such as G104 or soak; not {text!r}{meant}"
        raise ValueError(message) from None
    if code in NEVER_WAIVED:
        raise ValueError(f"must not contain {text}, because it can't be waived: {NEVER_WAIVED[code]}")
    return code


def _check_ignore_rule(text: str) -> str:
    # Imported late: most projects have no such rule.
    from envctl.domain.plan.drift import IgnorePattern

    IgnorePattern.parse(text)
    return text


def parse_session_duration(text: object) -> timedelta:
    found = parse_quoted_duration(text)
    if not SHORTEST_SESSION <= found <= LONGEST_SESSION:
        raise ValueError("must be from 15m to 12h, the limits of AWS")
    return found


ProviderValue = Annotated[Any, AfterValidator(lambda value: check_plain_value(value, "no provider"))]
StateValue = Annotated[Any, AfterValidator(lambda value: check_plain_value(value, "no backend"))]
StateText = Annotated[str, Field(min_length=1)]
StateRole = Annotated[Any, AfterValidator(_check_state_role)]
SetValue = Annotated[Any, AfterValidator(lambda value: to_exact_value(check_plain_value(value, "no variable")))]
Bucket = Annotated[str, AfterValidator(lambda text: check_template(text, STATE_PLACEHOLDERS))]
Repository = Annotated[str, AfterValidator(check_template)]
Folder = Annotated[str, AfterValidator(_check_folder)]
OverlayPath = Annotated[str, AfterValidator(_check_overlay)]
ContextName = Annotated[str, AfterValidator(lambda text: check_template(text, CLUSTER_PLACEHOLDERS))]
NamespaceName = Annotated[str, AfterValidator(_check_namespace)]
RootFolder = Annotated[str, AfterValidator(lambda text: text if text == "." else _check_folder(text))]
SessionDuration = Annotated[timedelta, BeforeValidator(parse_session_duration)]
IgnoreRule = Annotated[str, AfterValidator(_check_ignore_rule)]
Duration = Annotated[timedelta, BeforeValidator(parse_quoted_duration)]
if TYPE_CHECKING:
    WaivableGuard = GuardCode
else:
    WaivableGuard = Annotated[str, AfterValidator(_parse_waivable_guard)]


class Section(BaseModel):
    # Only the validator of the whole project is built.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


def check_argv(command: object, example: str) -> Sequence[str]:
    """Return a valid command. The message of its ValueError continues a sentence after the key."""
    if not isinstance(command, list | tuple) or not all(isinstance(word, str) for word in command):
        raise ValueError(f"must be a list of strings, such as {example}; no shell is used")
    if not command or not command[0].strip():
        raise ValueError(f"must name a program, such as {example}")
    if any("\0" in word for word in command):
        raise ValueError("must not contain a null character")
    return command
