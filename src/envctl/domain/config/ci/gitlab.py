"""The table `[ci.gitlab]`: what `envctl ci gitlab` writes into the pipeline of GitLab."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated

from envctl.domain.config.ci.shared_keys import Branch, Prefix, find_name_faults, limit_timeout
from envctl.domain.config.fields import (
    GITLAB_URL,
    Fault,
    Flag,
    GitlabUrl,
    Name,
    Role,
    Section,
    find_table,
    match_text,
    require,
)

# What the jobs themselves set or read: a variable of the file would decide who they are.
_RESERVED = re.compile(
    r"(CI|GITLAB|ENVCTL)(_\w*)?|AWS_(ROLE|WEB_IDENTITY|ACCESS_KEY|SECRET|SESSION|CONTAINER)\w*|AWS_(DEFAULT_)?REGION"
    r"|AWS_(DEFAULT_)?PROFILE|BASH_ENV|ENV|PATH|LD_\w+|PYTHON\w*|release|envctl_\w+",
    re.ASCII,
)


StageName = Annotated[str, match_text(r"[A-Za-z][\w .-]{0,63}", "the name of a stage of .gitlab-ci.yml")]
RunnerTag = Annotated[str, match_text(r"[\w][\w .:+/-]{0,63}", 'the tag of a runner, such as "aws-prod"')]
PinnedImage = Annotated[
    str,
    match_text(
        r"[a-z0-9][\w.-]*(:\d+)?(/[\w.-]+)*(:[\w.-]+)?@sha256:[0-9a-f]{64}",
        'an image with its digest, such as "registry.example.com/envctl:1.0@sha256:…" with 64 digits',
    ),
]
ProgramPath = Annotated[str, match_text(r"(/[\w.+-]+)+", 'an absolute path, such as "/opt/envctl/bin/envctl"')]
CiVariableName = Annotated[
    str, match_text(r"[A-Za-z_]\w{0,254}", "the name of a CI/CD variable: letters, digits and _")
]
JobVariableName = Annotated[
    CiVariableName,
    require(
        lambda name: not _RESERVED.fullmatch(name),
        "must not be set here: GitLab, AWS, Python or envctl itself use this name",
    ),
]
JobVariableValue = Annotated[str, require(str.isprintable, "must be one line of printable characters")]
ScriptLine = Annotated[
    str,
    require(
        lambda text: bool(text.strip()) and text.isprintable() and "$[[" not in text,
        "must be one line for the shell, without `$[[`",
    ),
]
ChangePath = Annotated[
    str,
    match_text(
        r"[\w*.][\w.*{},@+ -]*(/[\w.*{},@+ -]+)*", 'a path of the repository, such as "docs/*.md" or "modules/**/*"'
    ),
]
GitlabEnvironmentName = Annotated[
    str, match_text(r"[A-Za-z0-9][\w ./-]{0,254}", 'the name of an environment in GitLab, such as "billing/prod"')
]
Timeout = Annotated[timedelta, limit_timeout(timedelta(minutes=10), timedelta(days=1), '"90m" or "3h"', "10m to 1d")]


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
    # lines for the shell after each job, also a failed one; `$envctl_result` is its result
    after_script: tuple[ScriptLine, ...] = ()
    variables: Mapping[JobVariableName, JobVariableValue] = {}  # variables of all jobs, taken literally
    # roles of the jobs: `plan`, `drift`, each environment and `ENV-approval`; unset: the CI/CD variables name them
    roles: Mapping[Name, Role] = {}
    runner_credentials: Flag = False  # the jobs use the AWS credentials of their runner, and no token of GitLab
    # names of the environments in GitLab, if they differ
    environments: Mapping[Name, GitlabEnvironmentName] = {}

    @property
    def asks_result(self) -> bool:
        """True if a line after the jobs names their result. Pipelines without such a line stay as they are."""
        return any("envctl_result" in line for line in self.after_script)


def read_gitlab_table(value: object) -> object:
    """Return the table of a plain address. The message of its ValueError continues a sentence after the key."""
    if not isinstance(value, str):
        return value
    for rule in GitlabUrl.__metadata__:  # type: ignore[attr-defined]
        rule.func(value)
    return {"url": value}


def find_gitlab_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield faults between `[ci.gitlab]` and other tables of the raw document."""
    table = find_table(document, "ci", "gitlab")
    yield from find_name_faults(document, "gitlab", "E147", "remove the role and set the CI/CD variable {}")
    if table.get("program") and not table.get("image"):
        message = "ci.gitlab.program has no image: the program of a runner may be another one tomorrow"
        yield Fault("E147", message, 'add image = "…@sha256:…", or remove program', ("ci", "gitlab", "program"))
    if table.get("runner_credentials") is True and table.get("roles"):
        message = "ci.gitlab has roles, but runner_credentials takes none"
        yield Fault("E147", message, "remove one of the two", ("ci", "gitlab", "runner_credentials"))
