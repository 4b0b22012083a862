"""What there is to say of a bucket, before and after anything is done about it."""

from dataclasses import dataclass
from typing import Literal

from envctl.domain.aws.buckets import Purpose, WantedBucket
from envctl.domain.errors import ExitCode, Problem
from envctl.domain.findings import Finding

Outcome = Literal["whole", "differs", "missing", "unknown"]


@dataclass(frozen=True)
class BucketReport:
    """`steps` are those that were done, or that would be; `findings` what was seen last. `problems` say why it could
    not be looked at as a whole, or why something could not be done.
    """

    name: str
    purpose: Purpose
    environments: tuple[str, ...]
    account_id: str
    region: str
    findings: tuple[Finding, ...] = ()
    steps: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def outcome(self) -> Outcome:
        verdicts = {finding.verdict for finding in self.findings}
        if self.problems or "unseen" in verdicts:
            return "unknown"
        if "bad" in verdicts:
            return "missing"
        return "differs" if "warn" in verdicts else "whole"

    @property
    def told(self) -> tuple[Problem, ...]:
        """The problems, with what of the bucket could not be looked at."""
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


def reported(wanted: WantedBucket) -> BucketReport:
    """Of which nothing is known yet."""
    return BucketReport(wanted.name, wanted.purpose, wanted.environments, wanted.account_id, wanted.region)
