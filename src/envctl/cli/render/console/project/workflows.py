"""The workflows of a system of CI: what was written, and what is left to do there."""

from rich.console import Console

from envctl.cli.render.terminal.text import hanging, joined, plain, say
from envctl.usecases.project.ci_workflows import Workflows

_STYLES = {
    "current": "dim",
    "written": "green",
    "differs": "bold yellow",
    "missing": "bold yellow",
    "foreign": "bold red",
}

# How the system is called, and that of it to which variables without an environment belong.
_WHERE = {"github": ("GitHub", "repository"), "gitlab": ("GitLab", "project")}


def show_workflows(told: Workflows, out: Console) -> None:
    for each in told.files:
        say(out, joined((f"{each.state:<8} ", _STYLES[each.state]), each.path))
    if told.remark:
        hanging(out, joined(("! ", "bold yellow"), told.remark), 2)
    if not any(each.state == "written" for each in told.files):
        return
    out.print()
    system, everywhere = _WHERE[told.system]
    say(out, plain(f"{system} has to know these variables (Settings):"))
    for variable in told.variables:
        where = f"environment {variable.environment}" if variable.environment else everywhere
        hanging(out, joined("  ", (variable.name, "bold"), f" ({where}): {variable.meaning}"), 4)
    if told.system == "gitlab":
        say(out, plain("and a pipeline schedule (Build) with the variable ENVCTL_DRIFT=yes, which looks for drift"))
