"""The values of a project in the templates of workflows, and templates with `%{name}` placeholders."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from envctl.domain.config.ci.github import GithubCi
from envctl.domain.config.ci_package import PackageSource

DEFAULT_BRANCH = "main"
_PLACEHOLDER = re.compile(r"%\{([\w.]+)\}")


@dataclass(frozen=True, kw_only=True)
class WorkflowInputs:
    """The values of a project in the templates of GitHub workflows."""

    order: Sequence[str]  # the pipeline
    folder: str  # of the project in its repository; empty at the top
    region: str  # for requesting roles
    branch: str = DEFAULT_BRANCH
    command: str = "envctl"  # with global options such as --sandbox
    reviewed: Collection[str] = ()  # environments with GitHub reviewers as a gate
    protected: Collection[str] = ()  # environments that may have reviewers in GitHub only
    package: PackageSource | None = None  # the envctl that jobs install
    paths: Sequence[str] = ()  # paths of the repository whose changes start a deployment; a folder ends with /**
    github: GithubCi = field(default_factory=GithubCi.model_construct)
    secret_variables: Mapping[str, Sequence[str]] = field(default_factory=dict)  # of secret values, by environment

    def require_package(self) -> PackageSource:
        """Return the package. `update_workflows` has refused a project without one."""
        assert self.package is not None  # noqa: S101 (a fault of envctl)
        return self.package


def is_like_prod(order: Sequence[str], guarded: Collection[str], environment: str) -> bool:
    """Check that nothing of a job may be left to programs: of a guarded environment, or of the last one of several."""
    return environment in guarded or environment in order[1:][-1:]


def fill_template(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a template. Raises KeyError for an unknown one."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def indent_script(text: str, width: int) -> str:
    """Return the lines of a script in a block of YAML."""
    return "\n".join(f"{' ' * width}{line}".rstrip() for line in text.splitlines())
