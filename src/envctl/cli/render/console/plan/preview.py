"""Preview of a release in each environment."""

from rich.console import Console

from envctl.cli.render.console.plan.cost import format_cost_suffix
from envctl.cli.render.console.plan.many_plans import format_hidden, format_verdict
from envctl.cli.render.console.plan.plan import format_total, show_plan
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import print_text
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def show_preview(preview: Preview, out: Console) -> None:
    print_text(out, (format_verdict(preview.environments), "bold"))
    if preview.request_changes:
        print_text(out, (describe_request_changes(preview), "bold yellow"))
    out.print()
    for each in preview.environments:
        if each.plan:
            show_plan(each.plan, out)
        elif each.hidden and not each.problems:
            print_text(out, "Plan for ", (each.environment, "bold"), f" · {describe_subject(preview)}")
            print_text(out, describe_hidden(each))
        else:
            print_text(out, "Plan for ", (each.environment, "bold"), f" · {describe_subject(preview)}")
            print_text(out, ("can't be planned:", "bold red"))
            show_problems(each.problems, out, "", "bold red", 2)
        out.print()
    print_text(out, (f"What {describe_subject(preview)} would do", "bold"), (" (not recorded)", "dim"))
    for each in preview.environments:
        style = "bold red" if each.problems else ""
        print_text(out, "  ", (f"{each.environment}: ", "bold"), (format_outcome(each), style))


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
