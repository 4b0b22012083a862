"""CI workflows: written files, and variables to set in the CI system."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_item, print_text
from envctl.usecases.project.ci.ci_workflows import Workflows

_STYLES = {
    "current": "dim",
    "written": "green",
    "differs": "bold yellow",
    "missing": "bold yellow",
    "foreign": "bold red",
    "edited": "bold red",
    "other version": "yellow",
}

# Name of the CI system, and its scope of variables without an environment.
_SYSTEM_TEXTS = {
    "github": ("GitHub", "repository"),
    "gitlab": ("GitLab", "project"),
    "codebuild": ("CodeBuild", "project"),
}


def show_workflows(workflows: Workflows, out: Console) -> None:
    width = max(8, *(len(each.state) for each in workflows.files))
    for each in workflows.files:
        print_text(out, (f"{each.state:<{width}} ", _STYLES[each.state]), each.path)
    if workflows.remark:
        print_item(out, ("! ", "bold yellow"), workflows.remark, indent=2)
    if not workflows.variables or not any(each.state == "written" for each in workflows.files):
        return
    out.print()
    system, everywhere = _SYSTEM_TEXTS[workflows.system]
    print_text(out, f"{system} needs these variables (Settings):")
    for variable in workflows.variables:
        where = f"environment {variable.environment}" if variable.environment else everywhere
        print_item(out, "  ", (variable.name, "bold"), f" ({where}): {variable.meaning}", indent=4)
    if name := workflows.schedule_variable:
        print_text(out, f"and a pipeline schedule (Build) with the variable {name}=yes, for drift checks")
