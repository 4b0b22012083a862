"""A new project."""

from envctl.cli.render.console.project.new_project import parts, to_fill_in
from envctl.cli.render.markdown.page.pieces import PASSES, code, escaped, fenced, page, table
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.usecases.project.init import Begun


def begun(told: Begun) -> str:
    extent = f"{counted(len(told.files), 'file')} from the template {escaped(told.template)}"
    if told.mode == "planned":
        return page(f"## Would make {escaped(told.folder)}: {extent}", fenced("\n".join(told.files), "text"))
    return page(
        f"## {PASSES} Made {escaped(told.folder)}: {extent}",
        table(("what", "for"), ((code(part), escaped(what)) for part, what in parts(told))),
        "Next, without any account:",
        fenced("\n".join(map(to_type, told.next)), "sh"),
        escaped(to_fill_in(told)) if told.placeholders else "",
    )
