"""Check for reasons to deploy beyond the changes of the plan."""

from collections.abc import Sequence

from envctl.domain.guards import Request
from envctl.domain.guards.request import can_record_rules
from envctl.domain.guards.rule_views import find_recorded_document
from envctl.domain.ledger.state import EnvironmentState
from envctl.usecases.deployment.progress import Prepared
from envctl.usecases.project import unpinned_providers


def is_up_to_date(prepared: Prepared, lost: Sequence[str], here: EnvironmentState) -> bool:
    """Return true if there is no reason to deploy the release again, apart from the changes of its plan."""
    current, request, environment = here.current, prepared.guard_request, prepared.environment
    if request.action == "destroy":
        return current is None and here.unfinished_deployment is None and not lost and not here.held_stacks
    if here.drifted:
        # Drift outside the plan is accepted with an entry; without one it would be reported forever.
        return False
    if request.action == "promote" and here.debts and not prepared.guards.waived:
        # Without a waiver now, the same release settles its debts.
        return False
    if any(name not in here.traffic for name in environment.traffic):
        # The deployment records the unknown traffic.
        return False
    if (
        current is not None
        and current.unpinned
        and not unpinned_providers.find_unpinned(prepared.request.context.ports)
    ):
        # Deployed with the pinned providers, the release can be verified.
        return False
    if _has_new_rules(request):
        # The deployment records these rules.
        return False
    return (
        here.whole
        and current is not None
        and current.release == request.identity
        and current.settings == environment.settings
        # A changed place needs an entry; an unrecorded one does not.
        and current.place in ("", request.place)
    )


def _has_new_rules(request: Request) -> bool:
    """Return true if it would record other rules. Rules of the entry environment may differ between branches."""
    recorded, document = request.target_state.rules, find_recorded_document(request)
    if recorded is None or recorded.digest == request.rules_digest or not can_record_rules(request):
        return False
    return document is None or not document.is_entry
