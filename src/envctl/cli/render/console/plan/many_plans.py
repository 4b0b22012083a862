"""What many jobs have to do, and the plans of many environments."""

from rich.console import Console

from envctl.cli.render.console.fleet.matrix import matrix_text
from envctl.cli.render.console.plan.drift import MANY, in_short
from envctl.cli.render.console.plan.plan import show_plan, total
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import joined, plain, say, whole
from envctl.usecases.fleet.matrix import Matrix
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview


def show_matrix(matrix: Matrix, out: Console) -> None:
    whole(out, matrix_text(matrix))


def show_plans(plans: Plans, out: Console) -> None:
    remarkable, quiet = told_apart(plans)
    for each in remarkable:
        _plan(each, out)
        out.print()
    say(out, joined((f"What {of_what(plans)} would do", "bold"), (" (nothing was recorded)", "dim")))
    for each in remarkable:
        style = "bold red" if each.problems else ""
        say(out, joined("  ", (f"{each.environment}: ", "bold"), (outcome(each), style)))
    if quiet:
        say(out, f"  no changes: {quiet}")


def told_apart(plans: Plans) -> tuple[tuple[EnvironmentPreview, ...], str]:
    """Of many environments, those where something would change, or that can't be planned, and the others in words."""
    if len(plans.environments) <= MANY:
        return plans.environments, ""
    remarkable = tuple(each for each in plans.environments if each.problems or not each.plan or each.plan.changes)
    named = {each.environment for each in remarkable}
    quiet = [each.environment for each in plans.environments if each.environment not in named]
    return remarkable, in_short(quiet) if quiet else ""


def _plan(each: EnvironmentPreview, out: Console) -> None:
    if each.plan:
        show_plan(each.plan, out)
    else:
        say(out, joined("Plan for ", (each.environment, "bold")))
    if each.problems:
        say(out, plain("can't be planned whole:" if each.plan else "can't be planned:", "bold red"))
        show_problems(each.problems, out, "", "bold red", 2)


def of_what(plans: Plans) -> str:
    return f"run {plans.run}" if plans.run else "these stacks"


def outcome(each: EnvironmentPreview) -> str:
    told = "; ".join(problem.message.partition("\n")[0] for problem in each.problems)
    if each.plan is None:
        return f"can't be planned: {told}"
    return f"{total(each.plan)}; not all of it: {told}" if told else total(each.plan)
