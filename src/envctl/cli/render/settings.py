"""What is configured: settings with the line they come from, and the root modules that Terraform gets."""

from typing import assert_never

from rich.console import Console
from rich.table import Table

from envctl.cli.render import line
from envctl.cli.render.spelling import spelt
from envctl.cli.render.text import joined, plain, say, whole
from envctl.domain.changes import Marker
from envctl.domain.settings import EnvironmentSettings, Setting
from envctl.usecases.render import Rendered
from envctl.usecases.settings import Valid

TABLE_FROM = 100


def show_settings(settings: EnvironmentSettings, out: Console) -> None:
    say(out, joined("Settings of ", (settings.environment, "bold")))
    if not settings.settings:
        say(out, "There are none: no module declares a variable.")
    elif out.width >= TABLE_FROM:
        _table(settings, out)
    else:
        for setting in settings.settings:
            whole(out, joined((setting.name, "bold"), f" = {value(setting)}"))
            whole(out, plain(f"{origin(setting)} · {', '.join(setting.stacks)}", "dim"), 4)


def _table(settings: EnvironmentSettings, out: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("name", no_wrap=True)
    table.add_column("value", ratio=1, overflow="fold")
    table.add_column("where from", overflow="fold")
    table.add_column("stacks", overflow="fold")
    for setting in settings.settings:
        where = plain(origin(setting))
        table.add_row(plain(setting.name, "bold"), plain(value(setting)), where, plain(", ".join(setting.stacks)))
    out.print(table)


def value(setting: Setting) -> str:
    return spelt(Marker.SENSITIVE if setting.sensitive else setting.value)


def origin(setting: Setting) -> str:
    match setting.origin:
        case "file":
            return str(setting.location or "a settings file")
        case "artifact":
            return f"artifact, {setting.location}" if setting.location else "artifact of the release"
        case "default":
            return f"module default, {setting.location}" if setting.location else "module default"
        case "envctl":
            return "envctl"
        case _:
            assert_never(setting.origin)


def show_valid(valid: Valid, out: Console) -> None:
    say(out, line.valid(valid))


def show_rendered(rendered: Rendered, out: Console) -> None:
    for position, (path, text) in enumerate(rendered.files.items()):
        if position:
            out.print()
        whole(out, plain(f"# {path}", "bold"))
        whole(out, text.rstrip("\n"))
