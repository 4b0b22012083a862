"""Preview of a release in each environment."""

from rich.console import Console

from envctl.cli.render.terminal.plan import show_plan
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import print_text
from envctl.cli.render.words.plans import format_verdict
from envctl.cli.render.words.preview import describe_hidden, describe_request_changes, describe_subject, format_outcome
from envctl.usecases.inspect.preview import Preview


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
