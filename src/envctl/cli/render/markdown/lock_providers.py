"""The provider lock."""

from envctl.cli.render.markdown.page.markup import OK, WARN, code, escape, render_page, render_table
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.words.lock_providers import describe_missing_platforms, format_conclusion, format_version_change
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.usecases.project.lock_providers import LockedProviders

HEADS = ("provider", "version", "platforms")


def render_provider_lock(lock: LockedProviders) -> str:
    lacking = [each for each in lock.providers if each.lacking]
    rows = (
        (
            code(shorten_address(each.provider)),
            escape(format_version_change(each)),
            escape(", ".join(each.platforms) or "-"),
        )
        for each in lock.providers
    )
    return render_page(
        f"## {WARN if lacking else OK} Provider lock",
        escape(format_conclusion(lock)),
        render_table(HEADS, rows) if lock.providers else "",
        "\n".join(f"- {escape(describe_missing_platforms(each))}" for each in lacking),
        capitalize(escape(lock.hint)),
    )
