"""The provider lock."""

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.words import lock_providers as words
from envctl.usecases.project.lock_providers import LockedProviders


def render_provider_lock(lock: LockedProviders) -> str:
    lacking = [each for each in lock.providers if each.lacking]
    rows = [words.format_row(each) for each in lock.providers]
    return md.render_page(
        f"## {md.WARN if lacking else md.OK} Provider lock",
        md.escape(words.format_conclusion(lock)),
        md.render_table(words.HEADERS, ((md.code(name), *map(md.escape, rest)) for name, *rest in rows)),
        "\n".join(f"- {md.escape(words.describe_missing_platforms(each))}" for each in lacking),
        capitalize(md.escape(lock.hint)),
    )
