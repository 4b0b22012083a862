"""Settings with their origin, validation results, and generated root modules."""

from rich.console import Console

from envctl.cli.project_folder import to_typed_path
from envctl.cli.render.terminal.columns import COLUMN_GAP, measure_columns, print_columns
from envctl.cli.render.terminal.text import print_nowrap, print_text, print_warnings, to_text
from envctl.cli.render.words import one_line
from envctl.cli.render.words import settings as words
from envctl.domain.release_label import format_label_or_id
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.inspect.render import RenderedRoots
from envctl.usecases.inspect.settings import ValidationResult

HEADERS = ("name", "value", "source", "stacks")


def show_settings(settings: EnvironmentSettings, out: Console) -> None:
    print_text(out, "Settings of ", (settings.environment, "bold"))
    if not settings.settings:
        print_text(out, words.NO_SETTINGS)
        return
    everywhere = {stack for each in settings.settings for stack in each.stacks}
    rows = [
        (
            to_text(s.name, "bold"),
            *map(
                to_text,
                (words.format_value(s), words.format_origin(s, to_typed_path), words.format_stacks(s, everywhere)),
            ),
        )
        for s in settings.settings
    ]
    # If a value does not fit, rows are printed unwrapped, for copying.
    if sum(measure_columns(HEADERS, rows)) + len(COLUMN_GAP) * (len(HEADERS) - 1) <= out.width:
        print_columns(HEADERS, rows, out, out.width)
        return
    for setting in settings.settings:
        print_nowrap(out, (setting.name, "bold"), f" = {words.format_value(setting)}")
        where = f"{words.format_origin(setting, to_typed_path)} · {words.format_stacks(setting, everywhere)}"
        print_nowrap(out, (where, "dim"), indent=4)


def show_validation(valid: ValidationResult, out: Console) -> None:
    print_text(out, one_line.format_validation(valid))
    unread = (f"{path} is not read: {words.SETTINGS_PATHS_HINT}" for path in valid.unread)
    print_warnings(out, (*unread, *valid.remarks))


def show_root_modules(rendered: RenderedRoots, out: Console) -> None:
    if rendered.release:
        label = format_label_or_id(rendered.label, rendered.release)
        print_text(out, f"# release {label}, with today's settings of {rendered.environment}")
    for position, (path, text) in enumerate(rendered.files.items()):
        if position:
            out.print()
        print_nowrap(out, (f"# {path}", "bold"))
        print_nowrap(out, text.rstrip("\n"))
