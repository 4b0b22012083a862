"""The changes of a release in each environment."""

from envctl.cli.render.console.plan.preview import describe_subject, format_outcome
from envctl.cli.render.markdown.page.markup import bold, escape, format_full_output, render_page, render_table
from envctl.cli.render.markdown.plans import choose_preview_mark, render_preview_blocks
from envctl.domain.command_lines import format_command
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.preview import Preview


def render_preview(preview: Preview) -> str:
    rows = (
        (choose_preview_mark(each), bold(each.environment), escape(format_outcome(each)))
        for each in preview.environments
    )
    name = f" --release {shorten_id(preview.release)}" if preview.release else ""
    return render_page(
        f"## What {escape(describe_subject(preview))} would do",
        "Nothing was recorded.",
        render_table(("", "environment", "what would happen"), rows),
        *(block for each in preview.environments for block in render_preview_blocks(each)),
        full_output=format_full_output(f"{format_command('preview')}{name}"),
    )
