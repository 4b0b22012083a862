"""Taking what exists into a state, recorded: the start before the state is changed, and the end after it."""

from collections.abc import Callable
from dataclasses import dataclass

from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem, format_labels
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.state import OpenImport, Present
from envctl.domain.ledger.state_events import ImportEnded, ImportOutcome, ImportStarted
from envctl.domain.redaction.addresses import redact_address
from envctl.usecases.deployment.run import there
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


@dataclass(frozen=True)
class Imports:
    """Into the states of one environment, with the code of the release that was deployed there last; its name is empty
    where nothing was.
    """

    ports: Ports
    environment: str
    release: str

    def take_in(self, stack: PreparedStack, address: str, identity: str) -> None:
        """Raises what Terraform says where it does not take it in, once that is recorded too, and OperationFailedError
        (E372) where the end can't be recorded. The id is recorded nowhere: it may be a secret.
        """
        shown = redact_address(address, stack.secrets.values())
        start = ImportStarted(self.environment, self.release, stack.name, shown)
        entry = there(journal.append(self.ports, lambda _: start)[1])
        begun = OpenImport(entry.seq, stack.name, shown, entry.actor, entry.at)
        try:
            self.ports.terraform.take_in(self.environment, stack, address, identity)
        except (Exception, KeyboardInterrupt) as error:
            self._fail(begun, error)
            raise
        try:
            self._end(begun, "imported")
        except EnvctlError as error:
            message = f"{shown} is in the state of {stack.name} in {self.environment}, and that could not be recorded"
            hint = f"once the store responds again: envctl recover {self.environment}"
            raise OperationFailedError(Problem("E372", message, hint), *error.problems) from error

    def abandon_open(self, present: Present) -> tuple[str, ...]:
        """Records that the imports are over whose end was never recorded; returns their addresses."""
        found = present.of(self.environment).imports
        for begun in found:
            self._end(begun, "abandoned", "its end was never recorded")
        return tuple(begun.address for begun in found)

    def _fail(self, begun: OpenImport, error: BaseException) -> None:
        interrupted = isinstance(error, KeyboardInterrupt | InterruptedByUserError)
        # As with deployments: what Terraform said may quote a secret.
        reason = "interrupted" if interrupted else format_labels(error)
        try:
            self._end(begun, "failed", reason)
        except EnvctlError as unrecorded:
            if isinstance(error, EnvctlError):
                error.problems = (*error.problems, *unrecorded.problems)

    def _end(self, begun: OpenImport, outcome: ImportOutcome, reason: str = "") -> None:
        told = (begun.seq, begun.stack, begun.address, outcome, reason)
        journal.append(self.ports, _while_open(ImportEnded(self.environment, self.release, *told)))


def _while_open(event: ImportEnded) -> Callable[[Present], Event | None]:
    """Only the first end counts."""

    def decide(present: Present) -> Event | None:
        still = {begun.seq for begun in present.of(event.environment).imports}
        return event if event.started in still else None

    return decide
