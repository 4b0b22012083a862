"""What a release would do in each environment."""

from rich.console import Console

from envctl.cli.render.console.plan.cost import beside_total
from envctl.cli.render.console.plan.plan import show_plan, total
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import joined, plain, say
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def show_preview(preview: Preview, out: Console) -> None:
    for each in preview.environments:
        if each.plan:
            show_plan(each.plan, out)
        else:
            say(out, joined("Plan for ", (each.environment, "bold"), f" · {of_what(preview)}"))
            say(out, plain("can't be planned:", "bold red"))
            show_problems(each.problems, out, "", "bold red", 2)
        out.print()
    say(out, joined((f"What {of_what(preview)} would do", "bold"), (" (nothing was recorded)", "dim")))
    for each in preview.environments:
        say(out, joined("  ", (f"{each.environment}: ", "bold"), (outcome(each), "" if each.plan else "bold red")))


def of_what(preview: Preview) -> str:
    return f"release {short(preview.release)}" if preview.release else "the working tree"


def outcome(each: EnvironmentPreview) -> str:
    if each.plan:
        return f"{total(each.plan)}{beside_total(each.plan)}"
    return f"can't be planned: {'; '.join(problem.message.partition(chr(10))[0] for problem in each.problems)}"
