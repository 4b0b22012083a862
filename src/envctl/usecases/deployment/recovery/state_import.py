"""Import existing resources into a state, with ledger entries before and after each import."""

from contextlib import suppress
from dataclasses import dataclass

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem, format_error_label
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.state import LedgerState, OpenImport
from envctl.domain.ledger.state_events import ImportEnded, ImportOutcome, ImportStarted
from envctl.domain.redaction.redactor import redact_address
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


@dataclass(frozen=True)
class StateImporter:
    """Import resources into the states of one environment."""

    ports: Ports
    environment: str
    release: str  # The last deployed release, or empty.

    def import_resource(self, stack: PreparedStack, address: str, identity: str) -> None:
        """Import a resource. A failure is recorded, then raised. The id is never recorded: it may be a secret.

        Raise OperationFailedError (E372) if the end of a successful import cannot be recorded.
        """
        shown = redact_address(address, stack.secrets.values())
        start = ImportStarted(self.environment, self.release, stack.name, shown)
        submission = journal.Submission()
        entry: Entry | None = None
        try:
            entry = journal.append_event(self.ports, lambda _: start, submission=submission)
            self.ports.terraform.import_resource(self.environment, stack, address, identity)
        except (Exception, KeyboardInterrupt) as error:
            if recorded := entry or journal.find_recorded(self.ports, submission):
                self._record_failure(_to_open_import(recorded, start), error)
            raise
        try:
            self._record_end(_to_open_import(entry, start), "imported")
        except EnvctlError as error:
            message = (
                f"{shown} is in the state of {stack.name} in {self.environment}, but the import could not be recorded"
            )
            hint = f"when the store responds again: {format_command('recover', self.environment)}"
            raise OperationFailedError(Problem("E372", message, hint), *error.problems) from error
        except KeyboardInterrupt:
            # Stopped between the import and its entry.
            with suppress(EnvctlError):
                self._record_end(_to_open_import(entry, start), "imported")
            raise

    def abandon_open(self, present: LedgerState) -> tuple[str, ...]:
        """Record all imports without a recorded end as abandoned. Return their addresses."""
        found = present.find_environment(self.environment).imports
        for begun in found:
            self._record_end(begun, "abandoned", "its end was never recorded")
        return tuple(begun.address for begun in found)

    def _record_failure(self, begun: OpenImport, error: BaseException) -> None:
        interrupted = isinstance(error, KeyboardInterrupt | InterruptedByUserError)
        # Labels only: the message of Terraform may quote a secret.
        reason = "interrupted" if interrupted else format_error_label(error)
        try:
            self._record_end(begun, "failed", reason)
        except EnvctlError as unrecorded:
            if isinstance(error, EnvctlError):
                error.problems = (*error.problems, *unrecorded.problems)

    def _record_end(self, begun: OpenImport, outcome: ImportOutcome, reason: str = "") -> None:
        """Record the end, only while none is recorded."""
        end = ImportEnded(
            environment=self.environment,
            release=self.release,
            started=begun.seq,
            stack=begun.stack,
            address=begun.address,
            outcome=outcome,
            reason=reason,
        )

        def decide_event(present: LedgerState) -> Event | None:
            still = {each.seq for each in present.find_environment(self.environment).imports}
            return end if begun.seq in still else None

        journal.append(self.ports, decide_event)


def _to_open_import(entry: Entry, start: ImportStarted) -> OpenImport:
    return OpenImport(entry.seq, start.stack, start.address, entry.actor, entry.at)
