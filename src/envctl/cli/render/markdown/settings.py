"""Settings with their origins, and the result of `envctl validate`."""

from envctl.cli.render.markdown.attributes import format_digest
from envctl.cli.render.markdown.page.budget import count_utf16
from envctl.cli.render.markdown.page.markup import OK, code, escape, render_page, render_table
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.words import settings as words
from envctl.cli.render.words.one_line import format_validation as in_a_line
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.inspect.settings import ValidationResult

HEADS = ("setting", "value", "source", "stacks")
MAX_VALUE_SIZE = 2_000


def render_settings(settings: EnvironmentSettings) -> str:
    everywhere = {stack for each in settings.settings for stack in each.stacks}
    rows = (
        (
            code(each.name),
            code(_format_value(each)),
            escape(words.format_origin(each)),
            escape(words.format_stacks(each, everywhere)),
        )
        for each in settings.settings
    )
    return render_page(
        f"## Settings of {escape(settings.environment)}: {len(settings.settings)}",
        render_table(HEADS, rows) if settings.settings else words.NO_SETTINGS,
    )


def _format_value(setting: Setting) -> str:
    text = words.format_value(setting)
    return text if count_utf16(text) <= MAX_VALUE_SIZE else format_digest(text)


def render_validation(valid: ValidationResult) -> str:
    word, _, extent = in_a_line(valid).partition(": ")
    unread = [f"- {code(path)} is not read: {words.SETTINGS_PATHS_HINT}" for path in valid.unread]
    remarks = [f"- {escape(remark)}" for remark in valid.remarks]
    return render_page(f"## {OK} {word}", capitalize(escape(extent)), "\n".join([*unread, *remarks]))
