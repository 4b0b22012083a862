"""The meaning of a code: the pages are Markdown."""

from envctl.cli.render.console.inspect.explanation import format_exit_codes
from envctl.cli.render.markdown.page.markup import render_page
from envctl.usecases.inspect.explain import Explanation


def render_explanation(explanation: Explanation) -> str:
    return render_page(
        f"## {explanation.code} {explanation.title}, {format_exit_codes(explanation)}",
        explanation.text,
        *(f"### {each.title}\n\n{each.text}" for each in explanation.sections),
    )
