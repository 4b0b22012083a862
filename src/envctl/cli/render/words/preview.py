"""Preview of a release in each environment."""

from envctl.cli.render.words.cost import format_cost_suffix
from envctl.cli.render.words.plan import format_total
from envctl.cli.render.words.plans import format_hidden
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def describe_request_changes(preview: Preview) -> str:
    return f"This request also changes {join_names([str(each) for each in preview.request_changes])}."


def describe_subject(preview: Preview) -> str:
    return f"release {format_label_or_id(preview.label, preview.release)}" if preview.release else "the working tree"


def format_outcome(each: EnvironmentPreview) -> str:
    if each.plan:
        return f"{format_total(each.plan)}{format_cost_suffix(each.plan)}"
    if each.hidden and not each.problems:
        return format_hidden(each)
    return f"can't be planned: {'; '.join(problem.message.partition(chr(10))[0] for problem in each.problems)}"


def describe_hidden(each: EnvironmentPreview) -> str:
    """Return why there is no plan, what allows one, and what is known without it."""
    names = f" Changed settings: {join_names(each.settings_changed)}." if each.settings_changed else ""
    return (
        "Not planned: jobs of pull requests do not read its states. To allow it, add it to [ci]"
        f" pull_request_environments in envctl.toml.{names}"
    )
