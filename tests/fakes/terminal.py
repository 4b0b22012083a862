"""A terminal that records what it shows, and gives scripted answers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from envctl.domain.aws.secret_status import SecretChange
from envctl.domain.errors import Problem, StateLock, UsageError
from envctl.domain.guards import Refusal
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.reading.reading import Reading
from envctl.domain.redaction import Redactor
from envctl.usecases.ports.bucket_report import BucketReport
from envctl.usecases.ports.core import PlanAnswer
from envctl.usecases.ports.terraform import ProgressEvent


@dataclass
class RecordingObserver:
    plans: list[EnvironmentPlan] = field(default_factory=list)
    pages: list[Reading] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    intended: list[tuple[BucketReport, ...]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def on_start(self, environments: Sequence[str]) -> None:
        pass

    def on_progress(self, event: ProgressEvent) -> None:
        pass

    def on_plan(self, plan: EnvironmentPlan, *, shown: bool = True) -> None:
        self.plans.append(plan)

    @property
    def keeps_readings(self) -> bool:
        return False

    def on_reading(self, reading: Reading) -> None:
        self.pages.append(reading)

    def on_message(self, message: str) -> None:
        self.heard.append(message)

    def on_bucket_plan(self, buckets: Sequence[BucketReport]) -> None:
        self.intended.append(tuple(buckets))

    def redact(self, values: Collection[object], public: Collection[str] = ()) -> None:
        self.hidden.update(map(str, values))

    def redact_document(self, text: str) -> str:
        return Redactor.from_values(self.hidden).redact(text)


@dataclass
class ScriptedPrompter:
    """Gives the scripted answers, and yes after them. With `nobody` it acts as without a terminal."""

    answers: list[bool] = field(default_factory=list)
    asked: list[EnvironmentPlan] = field(default_factory=list)
    readings: list[Reading | None] = field(default_factory=list)
    notes: list[tuple[str, ...]] = field(default_factory=list)
    changes: list[SecretChange] = field(default_factory=list)
    nobody: bool = False
    chosen: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    yes: PlanAnswer = "yes"
    asks: bool = False  # as a terminal without --yes: deployments show their whole page

    def require_answer(self, environment: str) -> None:
        if self.nobody:
            raise UsageError(Problem("E001", f"nobody to ask about {environment}"))

    def confirm_plan(self, plan: EnvironmentPlan, reading: Reading | None, *, again: bool) -> PlanAnswer:
        self.asked.append(plan)
        self.readings.append(reading)
        return ("yes" if again else self.yes) if self._take_answer() else ""

    def confirm_approval(self, plan: EnvironmentPlan, reading: Reading, gate: str, notes: Sequence[str]) -> bool:
        self.asked.append(plan)
        self.readings.append(reading)
        self.notes.append(tuple(notes))
        return self._take_answer()

    def confirm_rules(self, reading: Reading, gate: str, changes: Sequence[str]) -> bool:
        self.readings.append(reading)
        self.notes.append(tuple(changes))
        return self._take_answer()

    def confirm_waiver(
        self, environment: str, codes: Sequence[str], overridden: Sequence[Refusal], remaining: Sequence[Refusal]
    ) -> bool:
        self.notes.append(tuple(f"{each.code}: {each.message}" for each in (*overridden, *remaining)))
        return self._take_answer()

    def confirm_unlock(self, lock: StateLock) -> bool:
        return self._take_answer()

    def confirm_secret(self, change: SecretChange) -> bool:
        self.changes.append(change)
        return self._take_answer()

    def confirm_buckets(self, buckets: Sequence[BucketReport]) -> bool:
        return self._take_answer()

    def prompt_text(self, question: str, otherwise: str, wrong: Callable[[str], str]) -> str:
        """Return the next valid answer of `chosen`, or the default."""
        if self.nobody:
            return otherwise
        self.questions.append(question)
        while self.chosen:
            if not wrong(answer := self.chosen.pop(0) or otherwise):
                return answer
        return otherwise

    def _take_answer(self) -> bool:
        if self.nobody:
            raise UsageError(Problem("E001", "nobody to ask"))
        return self.answers.pop(0) if self.answers else True
