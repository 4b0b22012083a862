"""Files that a command writes: projects, root modules, formatted files, CI workflows and reports."""

import shlex
from collections.abc import Iterator
from itertools import groupby

from rich.console import Console

from envctl.cli.project_folder import to_typed_path
from envctl.cli.render.terminal.text import print_item, print_nowrap, print_text
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.words.plan.plan import describe_code
from envctl.cli.results import ReportFile
from envctl.domain.ci.generated_pins import Pin
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.eject import EjectedProject
from envctl.usecases.project.ci.ci_workflows import Workflows
from envctl.usecases.project.fmt import FormatResult
from envctl.usecases.project.init import InitResult

PART_MEANINGS = {
    "envctl.toml": "the pipeline, its rules, and the stacks",
    "environments": "the settings of each environment",
    "modules": "ordinary Terraform modules",
    "app": "the application and its image",
    "kubernetes": "the objects in the cluster: the application, and who may do what",
    "charts": "charts of controllers, which you choose",
}

_STYLES = {
    "current": "dim",
    "raised": "yellow",
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


def show_new_project(begun: InitResult, out: Console) -> None:
    extent = f" from the template {begun.template}: {format_count(len(begun.files), 'file')}"
    if begun.mode == "planned":
        print_text(out, "Would create ", (begun.folder, "bold"), extent)
        for path in begun.files:
            print_nowrap(out, path, indent=2)
        return
    print_text(out, "Made ", (begun.folder, "bold"), extent)
    for part, meaning in _list_parts(begun):
        print_item(out, f"  {part:<14} ", (meaning, "dim"), indent=17)
    out.print()
    print_text(out, "Next, without an account:")
    for command in begun.next:
        print_nowrap(out, (add_sandbox_flag(command), "bold"), indent=2)
    if begun.on_aws:
        out.print()
        print_text(out, "On AWS, before all others:")
        for command in begun.on_aws:
            print_nowrap(out, (command, "bold"), indent=2)
    if begun.note:
        print_text(out, f"Signatures are not required: {begun.note}.")
    if begun.placeholders:
        out.print()
        ids, are = ("id", "is a placeholder") if len(begun.placeholders) == 1 else ("ids", "are placeholders")
        names = ", ".join(begun.placeholders)
        print_text(out, f"Before a deployment to AWS: the account {ids} of {names} {are}; see README.md.")


def _list_parts(begun: InitResult) -> Iterator[tuple[str, str]]:
    for top, paths in groupby(begun.files, key=lambda path: path.partition("/")[0]):
        if top == "modules":
            names = dict.fromkeys(path.split("/")[1] for path in paths)
            yield "modules/", f"{PART_MEANINGS[top]}: {', '.join(names)}"
        elif top in PART_MEANINGS:
            yield (top if top.endswith(".toml") else f"{top}/"), PART_MEANINGS[top]


def show_ejected(ejected: EjectedProject, out: Console) -> None:
    count = sum(len(each.stacks) for each in ejected.environments)
    extent = f": {format_count(count, 'root module')}, {format_count(len(ejected.files), 'file')}"
    print_text(out, "Would write " if ejected.mode == "planned" else "Wrote ", (ejected.folder, "bold"), extent)
    if ejected.mode == "planned":
        for path in ejected.files:
            print_nowrap(out, path, indent=2)
        return
    for each in ejected.environments:
        code = describe_code(None, each.release)
        names = join_names([stack.name for stack in each.stacks])
        print_text(out, (each.name, "bold"), f" ({code}): {names}", indent=2)
    if ejected.empty:
        print_text(out, f"Left out: no release runs in {join_names(ejected.empty)}.")
    out.print()
    print_text(out, "The states stay where they are. The commands of each stack are in its README.md. For example:")
    first = ejected.environments[0].stacks[0]
    print_nowrap(out, (f"cd {shlex.quote(f'{ejected.folder}/{first.folder}')}", "bold"), indent=2)
    print_nowrap(out, ("terraform init && terraform plan", "bold"), indent=2)


def show_formatted(result: FormatResult, out: Console) -> None:
    print_text(out, (_summarize_formatting(result), "" if result.files else "green"))
    # With --check, each file is reported as a problem with its line.
    for each in () if result.check else result.files:
        print_nowrap(out, f"  {to_typed_path(each.path)}")


def _summarize_formatting(result: FormatResult) -> str:
    if not result.looked_at:
        return "No files to format."
    if not result.files:
        return f"Nothing to do: {format_count(result.looked_at, 'file')} already formatted."
    extent = f"{len(result.files)} of {format_count(result.looked_at, 'file')}"
    if result.check:
        return f"{extent} {'is' if len(result.files) == 1 else 'are'} not formatted."
    return f"Would format {extent}:" if result.dry_run else f"Formatted {extent}:"


def show_workflows(workflows: Workflows, out: Console) -> None:
    width = max(8, *(len(each.state) for each in workflows.files))
    for each in workflows.files:
        print_text(out, (f"{each.state:<{width}} ", _STYLES[each.state]), each.path)
    shown = [pin for pin in workflows.pins if pin.state != "other version" or workflows.strict]
    for pin in shown:
        _show_pin(pin, out, is_check=workflows.check)
    if others := len(workflows.pins) - len(shown):
        print_text(out, f"{format_count(others, 'pin')} of another version of envctl: --json lists them")
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


def _show_pin(pin: Pin, out: Console, *, is_check: bool) -> None:
    state = pin.state if is_check else "kept" if pin.state == "raised" else "replaced"
    more = f" and {format_count(len(pin.places) - 1, 'more place')}" if len(pin.places) > 1 else ""
    place = f"{to_typed_path(pin.places[0].file)}:{pin.places[0].line}{more}"
    said = f"{pin.change} ({place}){f': {pin.reason}' if pin.reason else ''}"
    print_item(out, (f"{state:<8} ", _STYLES["edited" if pin.state == "unknown" else "other version"]), said, indent=9)


def show_report(report: ReportFile, out: Console) -> None:
    print_nowrap(out, "Wrote ", (report.path, "bold"))
    shown = (
        format_count(report.environments, "environment"),
        format_count(report.releases, "release"),
        format_count(report.deployments, "deployment"),
    )
    print_text(
        out, f"{', '.join(shown)}, {-(-report.size // 1000)} kB. Open it in any browser: it loads no other files."
    )
