"""A plan by the causes of its changes: release, settings, drift or other."""

from collections.abc import Iterator

from envctl.cli.render.words.plan.plan import describe_code, format_total
from envctl.cli.render.words.settings_diff import format_setting
from envctl.domain.plan.attribution import Cause, Part
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.release_label import format_label_or_id
from envctl.usecases.inspect.explain_plan import ExplainedPlan

CAUSE_TITLES: dict[Cause, str] = {
    "release": "Because of the release",
    "settings": "Because of settings",
    "drift": "Because of drift",
    "other": "Because of something else",
}
CAUSE_MEANINGS: dict[Cause, str] = {
    "release": "new code and artifacts",
    "settings": "values changed since its deployment",
    "drift": "undoes manual changes",
    "other": "not code, settings or drift: for example a changed data source",
}


def describe_subject(explained: ExplainedPlan) -> str:
    """Return the planned release, and the one deployed now."""
    what = describe_code(explained.label, explained.release)
    if not explained.runs:
        return f"{what}, no deployments yet"
    if explained.release == explained.runs:
        return f"{what}, running there"
    return f"{what}, after {format_label_or_id(explained.runs_label, explained.runs)}"


def summarize_causes(explained: ExplainedPlan) -> str:
    parts = [f"{part.cause}: {format_total(to_environment_plan(part, explained))}" for part in explained.parts]
    return "; ".join(parts) or format_total(explained.plan)


def to_environment_plan(part: Part, explained: ExplainedPlan) -> EnvironmentPlan:
    return EnvironmentPlan(environment=explained.environment, release=explained.release, stacks=part.stacks)


def list_setting_changes(explained: ExplainedPlan) -> Iterator[str]:
    """Yield the changed settings, each with its current origin."""
    for pair in explained.settings:
        before, _ = format_setting(pair.first)
        now, place = format_setting(pair.second)
        yield f"{pair.name}: {before} → {now}{f'  ({place})' if place else ''}"
