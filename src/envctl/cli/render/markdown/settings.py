"""What is configured: settings with the line they come from."""

from envctl.cli.render.console.inspect.settings import UNREAD, origin, value
from envctl.cli.render.console.one_line import valid as in_a_line
from envctl.cli.render.markdown.attributes import digest
from envctl.cli.render.markdown.page.budget import size
from envctl.cli.render.markdown.page.pieces import PASSES, code, escaped, page, sentence, table
from envctl.domain.settings.values import EnvironmentSettings, Setting
from envctl.usecases.inspect.settings import Valid

HEADS = ("setting", "value", "where from", "stacks")
LONGEST = 2_000


def settings(told: EnvironmentSettings) -> str:
    rows = (
        (code(each.name), code(_told(each)), escaped(origin(each)), escaped(", ".join(each.stacks)))
        for each in told.settings
    )
    return page(
        f"## Settings of {escaped(told.environment)}: {len(told.settings)}",
        table(HEADS, rows) if told.settings else "There are none: no module declares a variable.",
    )


def _told(setting: Setting) -> str:
    told = value(setting)
    return told if size(told) <= LONGEST else digest(told)


def valid(told: Valid) -> str:
    word, _, extent = in_a_line(told).partition(": ")
    unread = [f"- {code(path)} is not read: {UNREAD}" for path in told.unread]
    remarks = [f"- {escaped(remark)}" for remark in told.remarks]
    return page(f"## {PASSES} {word}", sentence(escaped(extent)), "\n".join([*unread, *remarks]))
