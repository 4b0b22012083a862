"""The files of a new project, and the next commands."""

from envctl.cli.render.markdown.page.markup import OK, code, escape, fence_text, render_page, render_table
from envctl.cli.render.text.counting import format_count
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.words.new_project import describe_placeholders, list_parts
from envctl.usecases.project.init import InitResult


def render_new_project(project: InitResult) -> str:
    extent = f"{format_count(len(project.files), 'file')} from the template {escape(project.template)}"
    if project.mode == "planned":
        return render_page(
            f"## Would create {escape(project.folder)}: {extent}", fence_text("\n".join(project.files), "text")
        )
    return render_page(
        f"## {OK} Made {escape(project.folder)}: {extent}",
        render_table(("what", "for"), ((code(part), escape(what)) for part, what in list_parts(project))),
        "Next, without an account:",
        fence_text("\n".join(map(add_sandbox_flag, project.next)), "sh"),
        escape(describe_placeholders(project)) if project.placeholders else "",
    )
