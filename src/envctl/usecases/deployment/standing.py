"""Whether a deployment has anything to do, and anything to record, beside what its plan changes."""

from envctl.domain.guards import Request
from envctl.domain.guards.both_documents import find_recorded_document
from envctl.domain.guards.request import changes_rules
from envctl.domain.ledger.state import EnvironmentPresent
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.project import unpinned_providers


def stands_already(run: Run, here: EnvironmentPresent) -> bool:
    """Whether the release stands there already, as it would be deployed now, apart from what its plan changes."""
    current = here.current
    if run.action == "destroy":
        return current is None and here.unfinished is None and not run.lost and not here.held
    if here.drifted:
        # What the plan does not set right stays: that is worth an entry, and without one it would be drift for ever.
        return False
    if run.action == "promote" and here.debts and not run.waived:
        # Now that nothing is overridden, the same release pays what is owed for it: that is worth an entry.
        return False
    if any(name not in here.traffic for name in there(run.prepared).live):
        # From now on it is known where the requests go.
        return False
    if current is not None and current.unpinned and not unpinned_providers.find_unpinned(run.ports):
        # With the providers that the release pins it can prove something: that is worth an entry.
        return False
    if _brings_rules(there(run.request)):
        # From now on these rules are the recorded ones.
        return False
    return (
        here.whole
        and current is not None
        and current.release == run.identity
        and current.settings == there(run.prepared).settings
        # Where the last one landed is worth an entry only where that is known to be another place.
        and current.place in ("", there(run.request).place)
    )


def _brings_rules(request: Request) -> bool:
    """Whether it would record other rules. Where code enters, branches differ, and no rules are asked for twice."""
    recorded, document = request.here.rules, find_recorded_document(request)
    if recorded is None or recorded.digest == request.rules_digest or not changes_rules(request):
        return False
    return document is None or not document.is_entry
