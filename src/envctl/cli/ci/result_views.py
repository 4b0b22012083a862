"""Views of a result for CI: its Markdown, and its drift."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.drift.result import Drift

CONSOLE_WIDTH = 100


def render_markdown(result: object | None, error: "EnvctlError | None" = None) -> str:
    """Render the result as Markdown, or the error if there is no result."""
    from envctl.cli.render.markdown import render_result, show_error

    if result is not None:
        return render_result(result) or _fence_console_output(result)
    from datetime import UTC, datetime

    return show_error(error, datetime.now(UTC)) if error is not None else ""


def _fence_console_output(result: object) -> str:
    """Return a page with the console's text, for a result without Markdown of its own."""
    from rich.console import Console

    from envctl.cli.render.console.any_result import render_result
    from envctl.cli.render.markdown.page.markup import fence_text, render_page

    out = Console(width=CONSOLE_WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    with out.capture() as captured:
        render_result(result, out)
    return render_page(fence_text(captured.get(), "text"))


def find_drift(result: object | None) -> "Drift | None":
    """Return the drift in a result, if any. Compares class names: importing them is slow."""
    if type(result).__name__ not in {"Drift", "DriftFix"}:
        return None
    return cast("Drift", getattr(result, "drift", result))
