"""Report on one bucket, before and after any change."""

from dataclasses import dataclass
from typing import Literal

from envctl.domain.aws.buckets import Purpose, WantedBucket
from envctl.domain.errors import Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.findings import Finding

Outcome = Literal["whole", "differs", "missing", "unknown"]


@dataclass(frozen=True, kw_only=True)
class BucketReport:
    """State of one bucket."""

    name: str
    purpose: Purpose
    environments: tuple[str, ...]
    account_id: str
    region: str
    findings: tuple[Finding, ...] = ()  # the latest check results
    steps: tuple[str, ...] = ()  # changes done, or to be done in a dry run
    problems: tuple[Problem, ...] = ()  # reasons for a failed check or change

    @property
    def outcome(self) -> Outcome:
        verdicts = {finding.verdict for finding in self.findings}
        if self.problems or "unseen" in verdicts:
            return "unknown"
        if "bad" in verdicts:
            return "missing"
        return "differs" if "warn" in verdicts else "whole"

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """The problems, plus one for each finding without a result."""
        unseen = [each for each in self.findings if each.verdict == "unseen"]
        return (
            *self.problems,
            *(Problem("E424", f"{self.name}: its {each.name} {each.seen}", each.mend) for each in unseen),
        )

    @property
    def exit_code(self) -> ExitCode:
        match self.outcome:
            case "unknown":
                return ExitCode.FAILED
            case "whole":
                return ExitCode.DONE
            case _:
                return ExitCode.CHANGES


def unchecked_report(wanted: WantedBucket) -> BucketReport:
    """Create the report of a bucket not checked yet."""
    return BucketReport(
        name=wanted.name,
        purpose=wanted.purpose,
        environments=wanted.environments,
        account_id=wanted.account_id,
        region=wanted.region,
    )
