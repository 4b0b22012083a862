"""What a command has answered, as those read it who do not see its log."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.drift.result import Drift


def page(result: object | None, error: "EnvctlError | None") -> str:
    """As Markdown. What a result does not tell of itself, its error does."""
    from envctl.cli.render.markdown import show, show_error

    if result is not None:
        return show(result)
    from datetime import UTC, datetime

    return show_error(error, datetime.now(UTC)) if error is not None else ""


def drift_in(result: object | None) -> "Drift | None":
    """By name: importing it takes longer than most commands do."""
    if type(result).__name__ not in {"Drift", "Fixed"}:
        return None
    return cast("Drift", getattr(result, "drift", result))
