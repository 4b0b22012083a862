"""What is configured: settings with the line they come from, and the root modules that Terraform gets."""

from typing import assert_never

from rich.console import Console

from envctl.cli.render.console import one_line
from envctl.cli.render.terminal.columns import BETWEEN, Row, columns, natural_widths
from envctl.cli.render.terminal.text import hanging, joined, plain, say, whole
from envctl.cli.render.values.hcl_text import spelt
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.values import EnvironmentSettings, Setting
from envctl.usecases.inspect.render import Rendered
from envctl.usecases.inspect.settings import Valid

UNREAD = "settings are in environments/ENV/terraform.tfvars, and for the whole pipeline in environments/common.tfvars"
HEADS = ("name", "value", "where from", "stacks")


def show_settings(settings: EnvironmentSettings, out: Console) -> None:
    say(out, joined("Settings of ", (settings.environment, "bold")))
    if not settings.settings:
        say(out, "There are none: no module declares a variable.")
        return
    rows = [_row(setting) for setting in settings.settings]
    # Where a value does not fit it must not be broken, as it is there to be copied.
    if sum(natural_widths(HEADS, rows)) + len(BETWEEN) * (len(HEADS) - 1) <= out.width:
        columns(HEADS, rows, out, out.width)
        return
    for setting in settings.settings:
        whole(out, joined((setting.name, "bold"), f" = {value(setting)}"))
        whole(out, plain(f"{origin(setting)} · {', '.join(setting.stacks)}", "dim"), 4)


def _row(setting: Setting) -> Row:
    stacks = ", ".join(setting.stacks)
    return plain(setting.name, "bold"), plain(value(setting)), plain(origin(setting)), plain(stacks)


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
    say(out, one_line.valid(valid))
    for path in valid.unread:
        hanging(out, joined(("! ", "bold yellow"), f"{path} is not read: {UNREAD}"))
    for remark in valid.remarks:
        hanging(out, joined(("! ", "bold yellow"), remark))


def show_rendered(rendered: Rendered, out: Console) -> None:
    for position, (path, text) in enumerate(rendered.files.items()):
        if position:
            out.print()
        whole(out, plain(f"# {path}", "bold"))
        whole(out, text.rstrip("\n"))
