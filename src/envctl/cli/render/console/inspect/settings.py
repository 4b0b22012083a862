"""Settings with their origin, validation results, and generated root modules."""

from collections.abc import Collection

from rich.console import Console

from envctl.cli.project_folder import to_typed_path
from envctl.cli.render.terminal.columns import measure_table, print_columns
from envctl.cli.render.terminal.text import print_nowrap, print_text, print_warnings, to_text
from envctl.cli.render.words import one_line
from envctl.cli.render.words import settings as words
from envctl.domain.release_label import format_label_or_id
from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.inspect.render import RenderedRoots
from envctl.usecases.inspect.settings import ValidationResult

HEADERS = ("name", "value", "source", "stacks")


def show_settings(settings: EnvironmentSettings, out: Console) -> None:
    print_text(out, "Settings of ", (settings.environment, "bold"))
    if not settings.settings:
        print_text(out, "No settings.")
        return
    everywhere = {stack for each in settings.settings for stack in each.stacks}
    rows = [
        (to_text(each.name, "bold"), *map(to_text, (words.format_value(each), *_locate(each, everywhere))))
        for each in settings.settings
    ]
    # If a value does not fit, rows are printed unwrapped, for copying.
    if measure_table(HEADERS, rows) <= out.width:
        print_columns(HEADERS, rows, out, out.width)
        return
    for setting in settings.settings:
        print_nowrap(out, (setting.name, "bold"), f" = {words.format_value(setting)}")
        print_nowrap(out, (" · ".join(_locate(setting, everywhere)), "dim"), indent=4)


def _locate(setting: Setting, everywhere: Collection[str]) -> tuple[str, str]:
    return words.format_origin(setting, to_typed_path), words.format_stacks(setting, everywhere)


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
