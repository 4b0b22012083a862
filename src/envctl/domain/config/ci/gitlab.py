"""The table `[ci.gitlab]`: what `envctl ci gitlab` writes into the pipeline of GitLab."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from envctl.domain.config.fields import (
    GITLAB_URL,
    Fault,
    Flag,
    GitlabUrl,
    Name,
    Role,
    Section,
    find_table,
    list_texts,
    parse_quoted_duration,
    require,
)
from envctl.domain.text.suggestions import suggest_name

BRANCH_PATTERN = r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*"
"""Stricter than git-check-ref-format: such names need no quoting anywhere."""
PLAN, DRIFT = "plan", "drift"
"""Keys of `roles` besides the environments."""
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(days=1)
# What the jobs themselves set or read: a variable of the file would decide who they are.
_RESERVED = re.compile(
    r"(CI|GITLAB|ENVCTL)(_\w*)?|AWS_(ROLE|WEB_IDENTITY|ACCESS_KEY|SECRET|SESSION|CONTAINER)\w*|AWS_(DEFAULT_)?REGION"
    r"|AWS_(DEFAULT_)?PROFILE|BASH_ENV|ENV|PATH|LD_\w+|PYTHON\w*|release|envctl_\w+",
    re.ASCII,
)


def _match(pattern: str, wanted: str) -> AfterValidator:
    return require(re.compile(pattern, re.ASCII).fullmatch, f"must be {wanted}", pattern)


def _is_plain_line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and "$[[" not in text


def parse_timeout(text: object) -> timedelta:
    found = parse_quoted_duration(text, '"90m" or "3h"')
    if not _SHORTEST <= found <= _LONGEST or found % timedelta(minutes=1):
        raise ValueError("must be from 10m to 1d, in whole minutes")
    return found


Branch = Annotated[str, _match(BRANCH_PATTERN, 'the name of a branch: letters, digits and ._/-, such as "main"')]
Prefix = Annotated[str, _match(r"[a-z][a-z0-9-]{0,31}", "a lower-case letter and up to 31 more of a-z, 0-9 and -")]
StageName = Annotated[str, _match(r"[A-Za-z][\w .-]{0,63}", "the name of a stage of .gitlab-ci.yml")]
RunnerTag = Annotated[str, _match(r"[\w][\w .:+/-]{0,63}", 'the tag of a runner, such as "aws-prod"')]
PinnedImage = Annotated[
    str,
    _match(
        r"[a-z0-9][\w.-]*(:\d+)?(/[\w.-]+)*(:[\w.-]+)?@sha256:[0-9a-f]{64}",
        'an image with its digest, such as "registry.example.com/envctl:1.0@sha256:…" with 64 digits',
    ),
]
ProgramPath = Annotated[str, _match(r"(/[\w.+-]+)+", 'an absolute path, such as "/opt/envctl/bin/envctl"')]
CiVariableName = Annotated[str, _match(r"[A-Za-z_]\w{0,254}", "the name of a CI/CD variable: letters, digits and _")]
JobVariableName = Annotated[
    CiVariableName,
    require(
        lambda name: not _RESERVED.fullmatch(name),
        "must not be set here: GitLab, AWS, Python or envctl itself use this name",
    ),
]
JobVariableValue = Annotated[str, require(str.isprintable, "must be one line of printable characters")]
ScriptLine = Annotated[str, require(_is_plain_line, "must be one line for the shell, without `$[[`")]
ChangePath = Annotated[
    str,
    _match(
        r"[\w*.][\w.*{},@+ -]*(/[\w.*{},@+ -]+)*", 'a path of the repository, such as "docs/*.md" or "modules/**/*"'
    ),
]
GitlabEnvironmentName = Annotated[
    str, _match(r"[A-Za-z0-9][\w ./-]{0,254}", 'the name of an environment in GitLab, such as "billing/prod"')
]
Timeout = Annotated[timedelta, BeforeValidator(parse_timeout)]


class GitlabTimeouts(Section):
    """The time limits of jobs, from 10m to 1d. The limit of the runner must be at least as long."""

    plan: Timeout = timedelta(hours=1)  # plans of merge requests
    deploy: Timeout = timedelta(hours=3)  # deployments and operations
    drift: Timeout = timedelta(hours=3)  # drift checks


class GitlabCi(Section):
    """GitLab, and the pipeline that `envctl ci gitlab` writes. `[ci] gitlab = "https://…"` is short for its `url`."""

    url: GitlabUrl = GITLAB_URL  # address of the GitLab that vouches for its jobs
    branch: Branch | None = None  # protected branch that deploys; unset: `--branch`, else `main`
    prefix: Prefix = "envctl"  # first part of the names of files, jobs and resource groups; one for each project
    stage: StageName = "deploy"  # stage of the jobs
    tags: tuple[RunnerTag, ...] = ()  # tags of the runners; unset: those of `default:` in .gitlab-ci.yml
    # image of the jobs, by its digest; unset: Python on Debian, as this version of envctl pins it
    image: PinnedImage | None = None
    # absolute path of envctl in that image; unset: the jobs install `[ci] package`
    program: ProgramPath | None = None
    timeouts: GitlabTimeouts = GitlabTimeouts.model_construct()
    schedule_variable: CiVariableName = "ENVCTL_DRIFT"  # variable of a schedule that checks drift
    # paths of the repository whose changes start the jobs; unset: those that envctl reads
    paths: tuple[ChangePath, ...] | None = None
    before_script: tuple[ScriptLine, ...] = ()  # lines for the shell before envctl is installed
    after_script: tuple[ScriptLine, ...] = ()  # lines for the shell after each job, also a failed one
    variables: Mapping[JobVariableName, JobVariableValue] = {}  # variables of all jobs, taken literally
    # roles of the jobs: `plan`, `drift`, and each environment; unset: the CI/CD variables name them
    roles: Mapping[Name, Role] = {}
    runner_credentials: Flag = False  # the jobs use the AWS credentials of their runner, and no token of GitLab
    # names of the environments in GitLab, if they differ
    environments: Mapping[Name, GitlabEnvironmentName] = {}


def read_gitlab_table(value: object) -> object:
    """Return the table of a plain address. The message of its ValueError continues a sentence after the key."""
    return {"url": check_address(value)} if isinstance(value, str) else value


def check_address(text: str) -> str:
    for rule in GitlabUrl.__metadata__:  # type: ignore[attr-defined]
        rule.func(text)
    return text


def find_gitlab_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield faults between `[ci.gitlab]` and other tables of the raw document."""
    table = find_table(document, "ci", "gitlab")
    order = list_texts(find_table(document, "pipeline").get("order"))
    for key, known in (("roles", [PLAN, DRIFT, *order]), ("environments", order)):
        for name in find_table(table, key):
            if order and name not in known:
                message = f"ci.gitlab.{key} names {name}, which is not in the pipeline"
                hint = suggest_name(name, known) or f"correct the name, or add {name} to pipeline.order"
                yield Fault("E104", message, hint, ("ci", "gitlab", key, name))
    for name in sorted({PLAN, DRIFT} & {*order} & {*find_table(table, "roles")}):
        message = f"ci.gitlab.roles names {name}, which is a job and an environment"
        hint = f"rename the environment, or remove the role and set the CI/CD variable ENVCTL_{name.upper()}_ROLE"
        yield Fault("E147", message, hint, ("ci", "gitlab", "roles", name))
    if table.get("program") and not table.get("image"):
        message = "ci.gitlab.program has no image: the program of a runner may be another one tomorrow"
        yield Fault("E147", message, 'add image = "…@sha256:…", or remove program', ("ci", "gitlab", "program"))
    if table.get("runner_credentials") is True and table.get("roles"):
        message = "ci.gitlab has roles, but runner_credentials takes none"
        yield Fault("E147", message, "remove one of the two", ("ci", "gitlab", "runner_credentials"))
