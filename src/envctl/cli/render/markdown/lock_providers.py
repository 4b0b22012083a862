"""The provider lock, for a pull request that changes it."""

from envctl.cli.render.console.project.lock_providers import conclusion, remark, version
from envctl.cli.render.markdown.page.pieces import PASSES, WARNS, code, escaped, page, sentence, table
from envctl.domain.terraform.provider_lock import short
from envctl.usecases.project.lock_providers import LockedProviders

HEADS = ("provider", "version", "platforms")


def locked_providers(told: LockedProviders) -> str:
    lacking = [each for each in told.providers if each.lacking]
    rows = (
        (code(short(each.provider)), escaped(version(each)), escaped(", ".join(each.platforms) or "-"))
        for each in told.providers
    )
    return page(
        f"## {WARNS if lacking else PASSES} Provider lock",
        escaped(conclusion(told)),
        table(HEADS, rows) if told.providers else "",
        "\n".join(f"- {escaped(remark(each))}" for each in lacking),
        sentence(escaped(told.hint)),
    )
