"""The meaning of a code: the pages are Markdown."""

from envctl.cli.render.markdown.page.markup import render_page
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.words.explanation import format_exit_codes
from envctl.usecases.inspect.explain import Explanation


def render_explanation(explanation: Explanation) -> str:
    sections = (f"### {each.title}\n\n{each.text}" for each in explanation.sections)
    head = f"## {explanation.code} {explanation.title}, {format_exit_codes(explanation)}"
    return render_page(head, *map(add_sandbox_flag, (explanation.text, *sections)))
