"""The result of `envctl validate`."""

from envctl.cli.render.markdown.page.markup import OK, code, escape, render_page
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.words.one_line import format_validation
from envctl.cli.render.words.settings import SETTINGS_PATHS_HINT
from envctl.usecases.inspect.settings import ValidationResult


def render_validation(valid: ValidationResult) -> str:
    word, _, extent = format_validation(valid).partition(": ")
    unread = [f"- {code(path)} is not read: {SETTINGS_PATHS_HINT}" for path in valid.unread]
    remarks = [f"- {escape(remark)}" for remark in valid.remarks]
    return render_page(f"## {OK} {word}", capitalize(escape(extent)), "\n".join([*unread, *remarks]))
