"""The CI part of the composition root: the job of this command, and the variables that programs of the tree get."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.cli.output.redaction import current_redaction
from envctl.domain.ci.program_variables import find_credentials, find_forge_credentials

if TYPE_CHECKING:
    from envctl.adapters.checks.check_runner import LocalCheckRunner
    from envctl.adapters.checks.cost_program import CostProgram
    from envctl.adapters.forge.ci_forge import VariableCiForge
    from envctl.adapters.forge.job_requests import VariableJobRequests
    from envctl.adapters.forge.reviews import GithubReviews
    from envctl.domain.ci.job import Job
    from envctl.domain.config.project import Project


@dataclass(eq=False, repr=False)
class ProgramVariables:
    """Decides which variables programs of the tree get. `named` returns those that the project file lets through;
    `report` takes a message for people.
    """

    job: "Callable[[], Job]"
    named: Callable[[], tuple[str, ...]]
    report: Callable[[str], None]

    def withhold_credentials(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names of the variables that checks and cost programs do not get."""
        # Without a credential, the project file is not read.
        return find_credentials(variables, self._allowed) if find_credentials(variables) else ()

    def withhold_tokens(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names of the variables that Terraform does not get."""
        return find_forge_credentials(variables, self._allowed) if find_forge_credentials(variables) else ()

    @cached_property
    def _allowed(self) -> frozenset[str]:
        named = self.named()
        if named and self.job().is_request:
            self.report(
                f"program_variables in [ci] is ignored in this job ({', '.join(named)}):"
                " the branch of the request wrote envctl.toml"
            )
            return frozenset()
        return frozenset(named)


class JobPorts:
    """The ports of a job.

    Attributes:
        _own: the environment at the start of the command, before the sandbox replaces it.
    """

    _root: Path
    _own: dict[str, str]
    _load_project: "Callable[[], Project]"
    _report: Callable[[str], None]

    @cached_property
    def program_variables(self) -> "ProgramVariables":
        return ProgramVariables(lambda: self.job, lambda: self._load_project().ci.program_variables, self._report)

    @cached_property
    def job(self) -> "Job":
        from envctl.adapters.forge.job import read_job

        return read_job(self._own)

    @cached_property
    def check_runner(self) -> "LocalCheckRunner":
        from envctl.adapters.checks.check_runner import LocalCheckRunner

        return LocalCheckRunner(
            self._root,
            lambda: os.environ,
            redact=current_redaction().redact_message,
            withhold=self.program_variables.withhold_credentials,
        )

    @cached_property
    def cost_estimator(self) -> "CostProgram":
        from envctl.adapters.checks.cost_program import CostProgram

        return CostProgram(
            self._root,
            lambda: os.environ,
            redact=current_redaction().redact_message,
            withhold=self.program_variables.withhold_credentials,
        )

    @cached_property
    def reviews(self) -> "GithubReviews":
        from envctl.adapters.forge.reviews import GithubReviews

        # Asks the real GitHub, in the sandbox too.
        return GithubReviews(lambda: self._own)

    @cached_property
    def job_requests(self) -> "VariableJobRequests":
        from envctl.adapters.forge.job_requests import VariableJobRequests

        return VariableJobRequests(lambda: self._own, current_redaction().redact_message)

    @cached_property
    def ci_forge(self) -> "VariableCiForge":
        from envctl.adapters.forge.ci_forge import VariableCiForge

        # Asks the real forge, in the sandbox too.
        return VariableCiForge(lambda: self._own, lambda: self._load_project().ci.gitlab)
