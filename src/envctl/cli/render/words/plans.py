"""Plans of many environments."""

from collections.abc import Sequence

from envctl.cli.render.text.counting import format_count
from envctl.cli.render.words.drift import MAX_ENVIRONMENTS, format_environments
from envctl.cli.render.words.plan import format_total
from envctl.domain.text.lists import join_first
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview


def format_verdict(environments: Sequence[EnvironmentPreview]) -> str:
    """Return the environments by what their plan says; of a single one, the totals."""
    if len(environments) == 1:
        return f"{environments[0].environment}: {format_outcome(environments[0])}"
    hidden = [each.environment for each in environments if each.hidden and not each.problems]
    failed = [each.environment for each in environments if each.problems or (each.plan is None and not each.hidden)]
    changed = [each.environment for each in environments if each.plan and each.plan.changes]
    same = [each.environment for each in environments if each.plan and not each.plan.changes and not each.problems]
    parts = [
        f"could not plan {join_first(failed, MAX_ENVIRONMENTS)}" if failed else "",
        f"changes in {join_first(changed, MAX_ENVIRONMENTS)}" if changed else "",
        f"no changes in {join_first(same, MAX_ENVIRONMENTS)}" if same else "",
        f"not planned in this job: {join_first(hidden, MAX_ENVIRONMENTS)}" if hidden else "",
    ]
    text = "; ".join(filter(None, parts))
    return f"{text[:1].upper()}{text[1:]}."


def split_unchanged(plans: Plans) -> tuple[tuple[EnvironmentPreview, ...], str]:
    """Return the environments to show, and a text for the unchanged ones if there are many environments."""
    if len(plans.environments) <= MAX_ENVIRONMENTS:
        return plans.environments, ""
    remarkable = tuple(each for each in plans.environments if each.problems or not each.plan or each.plan.changes)
    named = {each.environment for each in remarkable}
    quiet = [each.environment for each in plans.environments if each.environment not in named]
    return remarkable, format_environments(quiet) if quiet else ""


def describe_subject(plans: Plans) -> str:
    return f"run {plans.run}" if plans.run else "these stacks"


def format_hidden(each: EnvironmentPreview) -> str:
    """Return the outcome for an environment whose states this job must not read."""
    count = f"; {format_count(len(each.settings_changed), 'setting')} changed" if each.settings_changed else ""
    return f"not planned in this job{count}"


def format_outcome(each: EnvironmentPreview) -> str:
    if each.hidden and not each.problems:
        return format_hidden(each)
    messages = "; ".join(problem.message.partition("\n")[0] for problem in each.problems)
    if each.plan is None:
        return f"can't be planned: {messages}"
    return f"{format_total(each.plan)}; incomplete: {messages}" if messages else format_total(each.plan)
