"""Plans of many environments, and of a release in each environment."""

from collections.abc import Sequence

from envctl.cli.render.text.sentences import format_count, join_clauses
from envctl.cli.render.words.plan.cost import format_cost_suffix
from envctl.cli.render.words.plan.drift import MAX_ENVIRONMENTS, format_environments
from envctl.cli.render.words.plan.plan import describe_code, format_total
from envctl.domain.text.lists import join_first, join_names
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


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
    return f"{join_clauses(parts)}."


def split_unchanged(plans: Plans | Preview) -> tuple[Sequence[EnvironmentPreview], str]:
    """Return the environments to show, and a text for the unchanged ones if there are many environments."""
    if len(plans.environments) <= MAX_ENVIRONMENTS:
        return plans.environments, ""
    remarkable = [each for each in plans.environments if each.problems or not each.plan or each.plan.changes]
    quiet = [each.environment for each in plans.environments if each not in remarkable]
    return remarkable, format_environments(quiet) if quiet else ""


def describe_subject(plans: Plans | Preview) -> str:
    if isinstance(plans, Preview):
        return describe_code(plans.label, plans.release)
    return f"run {plans.run}" if plans.run else "these stacks"


def describe_request_changes(plans: Plans | Preview) -> str:
    """Return what a pull or merge request changes beside the plans; empty if nothing."""
    changes = plans.request_changes if isinstance(plans, Preview) else ()
    return f"This request also changes {join_names([str(each) for each in changes])}." if changes else ""


def format_outcome(each: EnvironmentPreview) -> str:
    if each.hidden and not each.problems:
        count = f"; {format_count(len(each.settings_changed), 'setting')} changed" if each.settings_changed else ""
        return f"not planned in this job{count}"
    messages = "; ".join(problem.message.partition("\n")[0] for problem in each.problems)
    if each.plan is None:
        return f"can't be planned: {messages}"
    text = f"{format_total(each.plan)}{format_cost_suffix(each.plan)}"
    return f"{text}; incomplete: {messages}" if messages else text


def describe_hidden(each: EnvironmentPreview) -> str:
    """Return why there is no plan, what allows one, and what is known without it."""
    names = f" Changed settings: {join_names(each.settings_changed)}." if each.settings_changed else ""
    return (
        "Not planned: jobs of pull requests do not read its states. To allow it, add it to [ci]"
        f" pull_request_environments in envctl.toml.{names}"
    )
