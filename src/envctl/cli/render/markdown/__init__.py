"""Results as Markdown, for pull requests and step summaries. All times are UTC."""

from datetime import datetime
from importlib import import_module

from envctl.cli.command_table import find_result_type
from envctl.domain.errors import EnvctlError
from envctl.domain.guards import RefusedError


def render_result(result: object) -> str | None:
    """Return the page of a result; None for a result that has no Markdown of its own."""
    row = find_result_type(result)
    if row is None or not row.markdown:
        return None
    module, function = row.markdown.split(".")
    text: str = getattr(import_module(f"envctl.cli.render.markdown.{module}"), function)(result)
    return text


def show_error(error: EnvctlError, now: datetime) -> str:
    if isinstance(error, RefusedError):
        from envctl.cli.render.markdown.refusals import render_refusals

        return render_refusals(error, now)
    from envctl.cli.render.markdown.failure import render_failure

    return render_failure(error)
