"""The reading of one deployment: what runs, what comes, and where."""

from dataclasses import dataclass

from envctl.domain.guards.approvals import is_approval_required
from envctl.domain.guards.authors import describe_authors
from envctl.domain.guards.request import Request, can_record_rules
from envctl.domain.guards.rules import count_required_approvals
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.reading import bound_values
from envctl.domain.reading.reading import Reading
from envctl.domain.release.place.place_digest import BoundPlace
from envctl.domain.release_label import format_label
from envctl.domain.settings.settings import EnvironmentSettings


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Settings and place of a deployment, and those that the environment runs with; None if these are unknown."""

    settings: EnvironmentSettings
    place: BoundPlace | None
    running_settings: EnvironmentSettings | None = None
    running_place: BoundPlace | None = None


def build_reading(request: Request, plan: EnvironmentPlan, around: Surroundings, fingerprint: str) -> Reading:
    """Return the reading of a plan with that fingerprint."""
    recorded = can_record_rules(request)
    gated = bool(count_required_approvals(request)) and is_approval_required(request)
    return Reading(
        environment=request.target,
        release=request.identity,
        label=format_label(plan.label) if plan.label else "",
        written=describe_authors(request) if gated else "",
        bound=list_bound(request, fingerprint),
        stacks=tuple(bound_values.list_stacks(plan, request.changeover)),
        settings=bound_values.list_settings(around.settings, around.running_settings),
        place=bound_values.list_place(around.place, around.running_place) if around.place else (),
        rules=bound_values.list_rules(request.document, request.recorded_document) if recorded else (),
    )


def list_bound(request: Request, fingerprint: str) -> dict[str, str]:
    """Return the digests of all documents that an approval of the plan binds, by the names of these."""
    recorded = can_record_rules(request)
    return {
        "plan": fingerprint,
        "settings": request.settings,
        "place": request.place,
        "rules": request.rules_digest if recorded else "",
        "recorded rules": request.recorded_digest if recorded else "",
    }
