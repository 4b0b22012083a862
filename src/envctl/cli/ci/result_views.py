"""Views of a result for CI: its Markdown, and its drift."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.drift.result import Drift


def render_markdown(result: object | None, error: "EnvctlError | None") -> str:
    """Render the result as Markdown, or the error if there is no result."""
    from envctl.cli.render.markdown import render_result, show_error

    if result is not None:
        return render_result(result)
    from datetime import UTC, datetime

    return show_error(error, datetime.now(UTC)) if error is not None else ""


def find_drift(result: object | None) -> "Drift | None":
    """Return the drift in a result, if any. Compares class names: importing them is slow."""
    if type(result).__name__ not in {"Drift", "DriftFix"}:
        return None
    return cast("Drift", getattr(result, "drift", result))
