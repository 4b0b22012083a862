"""Plans of many environments, or of a release in each."""

from rich.console import Console

from envctl.cli.render.terminal.plan import show_plan
from envctl.cli.render.terminal.text import print_text, show_problems
from envctl.cli.render.words.plan import plans as words
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def show_plans(plans: Plans | Preview, out: Console) -> None:
    remarkable, quiet = words.split_unchanged(plans)
    print_text(out, (words.format_verdict(plans.environments), "bold"))
    if changes := words.describe_request_changes(plans):
        print_text(out, (changes, "bold yellow"))
    out.print()
    for each in remarkable:
        _show_plan(each, out)
        out.print()
    print_text(out, (f"What {words.describe_subject(plans)} would do", "bold"), (" (not recorded)", "dim"))
    for each in remarkable:
        style = "bold red" if each.problems else ""
        print_text(out, "  ", (f"{each.environment}: ", "bold"), (words.format_outcome(each), style))
    if quiet:
        print_text(out, f"  no changes: {quiet}")


def _show_plan(each: EnvironmentPreview, out: Console) -> None:
    if each.plan:
        show_plan(each.plan, out)
    else:
        print_text(out, "Plan for ", (each.environment, "bold"))
    if each.problems:
        print_text(out, ("can be planned only partly:" if each.plan else "can't be planned:", "bold red"))
        show_problems(each.problems, out, "", "bold red", 2)
    elif each.hidden:
        print_text(out, words.describe_hidden(each))
